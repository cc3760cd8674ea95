//===- Fixture.cpp - Edits a fixture's policy and launches it -------------===//
#include "tests/templates/Fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <stdexcept>

namespace scanc::templates {

/// A fixture that no longer has the words that a test wants to change is a fault of the test.
static std::string replaceAll(std::string text, const std::string &from, const std::string &to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos)
    throw std::logic_error("the fixture has no '" + from + "'");
  for (; at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string Variant::text() const {
  const std::string path = std::string(SCANC_FIXTURES) + "/" + fixture + ".cu";
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  static const std::regex policy("shape\\{[^}]*\\}");
  if (!std::regex_search(text, policy))
    throw std::logic_error(path + " has no policy");
  text = std::regex_replace(
      text, policy,
      fmt::format("shape{{.walk = order::{}, .lane_threads = {}, .time_threads = {}, .lanes = {}, "
                  ".steps = {}, .ring = {}, .runs = {}}}",
                  isTimeOrder() ? "time" : "lanes", shape.lane_threads, shape.time_threads,
                  shape.lanes, shape.steps, shape.ring, isLookBack() ? lookBack.runs : 1));
  if (isBlelloch()) {
    text = replaceAll(text, "scanc/kernel/sequential.cuh", "scanc/kernel/blelloch.cuh");
    text = replaceAll(text, "kernel::sequential", "kernel::blelloch");
  }
  if (isLookBack()) {
    text = replaceAll(text, "scanc/kernel/sequential.cuh\"",
                      "scanc/kernel/look_back.cuh\"\n#include \"scanc/thread/copy.cuh\"");
    text =
        replaceAll(text, "};\nstatic_assert(sizeof(arguments) == 8 * ",
                   "  unsigned char *workspace;\n};\nstatic_assert(sizeof(arguments) == 8 + 8 * ");
    text = replaceAll(text, "kernel::sequential_storage", "kernel::look_back_storage");
    static const std::regex call("kernel::sequential\\((program::(\\w+)\\{args\\}), storage\\);");
    text = std::regex_replace(
        text, call,
        fmt::format("static_assert(kernel::look_back_item_bytes<program::$2>() == {});\n"
                    "  kernel::look_back($1, args.workspace, storage);",
                    lookBack.laneBytes * shape.lanes));
  }
  for (const auto &[from, to] : replacements)
    text = replaceAll(text, from, to);
  return text;
}

std::string Variant::entry() const {
  static const std::regex name("(scanc_\\w+)\\(const __grid_constant__");
  std::smatch match;
  const std::string all = text();
  if (!std::regex_search(all, match, name))
    throw std::logic_error(fixture + " has no entry point");
  return match[1];
}

std::ostream &operator<<(std::ostream &out, const Variant &variant) {
  const device::policy &p = variant.shape;
  out << variant.fixture
      << (variant.isLookBack()   ? " look_back "
          : variant.isBlelloch() ? " blelloch "
                                 : " sequential ")
      << p.lane_threads << 'x' << p.time_threads << " threads, " << p.lanes << " lanes, " << p.steps
      << " steps, ring " << p.ring;
  if (variant.isLookBack())
    out << ", " << variant.lookBack.runs << " runs";
  for (const auto &[from, to] : variant.replacements)
    out << ", " << from << " -> " << to;
  return out;
}

Operand::Operand(std::string name, Role role, Dtype dtype, std::vector<std::int64_t> sizes,
                 std::int64_t pitch)
    : name(std::move(name)), role(role), dtype(dtype), sizes(std::move(sizes)) {
  strides = contiguousStrides(this->sizes);
  if (pitch > 0 && strides.size() > 1) {
    strides[strides.size() - 2] = pitch;
    for (std::size_t i = strides.size() - 2; i-- > 0;)
      strides[i] = strides[i + 1] * this->sizes[i + 1];
  }
  std::int64_t count = 1;
  for (std::size_t i = 0; i < strides.size(); ++i)
    count = this->sizes[i] == 0 ? 0 : count + (this->sizes[i] - 1) * strides[i];
  // The memory ends with the last element, so that a read past the end of a row is found.
  bytes.resize(std::max<std::int64_t>(count, 0) * sizeOf(dtype));
  for (std::size_t i = 0; i < bytes.size() / sizeOf(dtype); ++i)
    storeElement(bytes.data() + i * sizeOf(dtype), dtype, std::numeric_limits<double>::quiet_NaN());
}

std::int64_t Operand::offsetOf(std::initializer_list<std::int64_t> place) const {
  std::int64_t offset = 0;
  std::size_t i = 0;
  for (std::int64_t index : place)
    offset += index * strides[i++];
  return offset * sizeOf(dtype);
}

double Operand::at(std::initializer_list<std::int64_t> place) const {
  return loadElement(bytes.data() + offsetOf(place), dtype);
}

void Operand::set(std::initializer_list<std::int64_t> place, double value) {
  storeElement(bytes.data() + offsetOf(place), dtype, value);
}

bool Operand::gapsAreUntouched() const {
  if (strides.size() < 2)
    return true;
  const std::int64_t pitch = strides[strides.size() - 2], count = bytes.size() / sizeOf(dtype);
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = loadElement(bytes.data() + i * sizeOf(dtype), dtype);
    if (pitch > 0 && i % pitch >= sizes.back() && value == value)
      return false;
  }
  return true;
}

void Operand::appendWords(std::vector<std::uint64_t> &words) {
  words.push_back(reinterpret_cast<std::uint64_t>(bytes.data()));
  for (std::int64_t stride : strides)
    words.push_back(stride);
}

emulation::Buffer Operand::buffer() {
  return {.name = name,
          .data = bytes.data(),
          .bytes = static_cast<std::int64_t>(bytes.size()),
          .writable = role == Role::output,
          .initialized = role == Role::input,
          .granule = sizeOf(dtype)};
}

double Numbers::uniform(double low, double high) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return low + (high - low) * static_cast<double>(state >> 11) * 0x1p-53;
}

Result<void> run(const Variant &variant, std::span<Operand *const> operands,
                 std::span<const std::int64_t> sizes, std::int64_t laneGroups, std::uint64_t seed,
                 const std::string &templates) {
  Result<emulation::EmulatedModule> module = emulation::EmulatedModule::build(
      variant.text(), std::vector<std::string>{templates}, variant.entry());
  if (!module)
    return module.error();
  std::vector<std::uint64_t> words;
  std::vector<emulation::Buffer> buffers;
  for (Operand *operand : operands) {
    operand->appendWords(words);
    buffers.push_back(operand->buffer());
  }
  words.insert(words.end(), sizes.begin(), sizes.end());
  const std::int64_t laneThreads = variant.shape.lane_threads;
  std::int64_t blocks = (laneGroups + laneThreads - 1) / laneThreads;
  std::vector<std::uint64_t> workspace;
  if (variant.isLookBack()) {
    const std::int64_t steps = sizes[variant.isTimeOrder() ? 2 : 1];
    const std::int64_t tileSteps =
        variant.shape.time_threads * variant.shape.steps * variant.lookBack.runs;
    const std::int64_t tiles = std::max<std::int64_t>(1, (steps + tileSteps - 1) / tileSteps);
    const std::int64_t lanes = laneGroups * variant.shape.lanes;
    const std::int64_t slots = (tiles + tiles / 16 + 2) / 2 * 2;
    blocks *= tiles;
    workspace.resize((256 + slots * lanes * variant.lookBack.laneBytes) / 8);
    words.push_back(reinterpret_cast<std::uint64_t>(workspace.data()));
    buffers.push_back({.name = "workspace",
                       .data = workspace.data(),
                       .bytes = static_cast<std::int64_t>(workspace.size() * 8),
                       .granule = 4});
  }
  Result<emulation::Statistics> result = module->launch(
      {.blocks = blocks, .threads = variant.shape.threads()}, words, buffers, {.seed = seed});
  if (!result)
    return result.error();
  return {};
}

} // namespace scanc::templates
