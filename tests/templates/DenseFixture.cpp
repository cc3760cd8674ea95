//===- DenseFixture.cpp - Makes problems with a dense transition -----------===//
#include "tests/templates/DenseFixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>

namespace scanc::templates {
namespace {

void replaceOnce(std::string &text, const std::string &from, const std::string &to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos)
    throw std::logic_error("the text has no '" + from + "'");
  text.replace(at, from.size(), to);
}

std::int64_t parts(std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; }
std::int64_t upTo(std::int64_t value, std::int64_t unit) { return parts(value, unit) * unit; }

Dtype dtypeOf(const std::string &element) {
  return element == "f16" ? Dtype::f16 : element == "bf16" ? Dtype::bf16 : Dtype::f32;
}

} // namespace

std::string DenseVariant::text() const {
  std::ifstream file(std::string(SCANC_FIXTURES) + "/dense.cu");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  static const std::regex policy("shape\\{[^}]*\\}");
  text = std::regex_replace(text, policy, "shape" + shape);
  replaceOnce(text, "size = 64", fmt::format("size = {}", size));
  replaceOnce(text, "copies = true", fmt::format("copies = {}", whole));
  text = std::regex_replace(text, std::regex("\\bf16\\b"), element);
  if (sharesTime()) {
    replaceOnce(text, "scanc/kernel/dense_sequential.cuh", "scanc/kernel/" + sharing + ".cuh");
    replaceOnce(text, "};\nstatic_assert(sizeof(arguments) == 8 * ",
                "  unsigned char *workspace;\n  unsigned char *scratch;\n};\n"
                "static_assert(sizeof(arguments) == 16 + 8 * ");
    replaceOnce(text, "kernel::dense_sequential_storage", "kernel::" + sharing + "_storage");
    replaceOnce(text, "kernel::dense_sequential(program::dense{args}, ",
                "kernel::" + sharing + "(program::dense{args}, args.workspace, args.scratch, ");
  }
  return text;
}

int DenseVariant::policyField(const std::string &name) const {
  std::smatch match;
  if (std::regex_search(shape, match, std::regex("\\." + name + " = (\\d+)")))
    return std::stoi(match[1]);
  if (name == "terms")
    return 1;
  if (name == "told")
    return 0;
  throw std::logic_error("the policy has no " + name);
}

std::int64_t DenseVariant::width() const {
  const std::int64_t line = 128 / sizeOf(dtypeOf(element));
  return size > line / 2 ? upTo(size, line) : size > line / 4 ? line / 2 : line / 4;
}

std::int64_t DenseVariant::sharedBytes() const {
  const std::int64_t threads = policyField("threads");
  const std::int64_t panel = threads / policyField("parts") * policyField("rows");
  const std::int64_t bytes = sizeOf(dtypeOf(element)), block = std::min(width(), 128 / bytes);
  const auto ring = [&](std::int64_t slots, std::int64_t terms, std::int64_t inputs) {
    const std::int64_t landing = slots * (terms * panel * width() * bytes + inputs);
    return upTo(upTo(landing, 16) + 8 * (width() + threads), 8 * block * bytes);
  };
  const std::int64_t own = ring(policyField("ring"), 1, 4 * size), told = 4 * width() + 16;
  if (!sharesTime())
    return own;
  const std::int64_t terms = policyField("terms");
  const std::int64_t slots = std::max<std::int64_t>(3, policyField("ring") / terms);
  const std::int64_t beside = policyField("told");
  const std::int64_t rings =
      beside > 0 ? own + ring(beside, terms, told) : std::max(own, ring(slots, terms, told));
  return rings + upTo(4 * width() + width() / 4 + 12, 8 * block * bytes);
}

std::int64_t DenseVariant::blocks(std::int64_t sequences, std::int64_t steps) const {
  return sharesTime() ? sequences * std::max<std::int64_t>(1, parts(steps, policyField("chunk")))
                       : sequences;
}

std::int64_t DenseVariant::flagBytes(std::int64_t sequences, std::int64_t steps) const {
  const std::int64_t chunks = parts(steps, policyField("chunk"));
  return 128 + upTo(12 * sequences * parts(chunks, policyField("group")), 128);
}

std::int64_t DenseVariant::mapBytes(std::int64_t sequences, std::int64_t steps) const {
  const std::int64_t chunks = parts(steps, policyField("chunk"));
  const std::int64_t groups = parts(chunks, policyField("group"));
  const std::int64_t map =
      upTo(policyField("terms") * 2 * width() * width() + 4 * width() + 16, 128);
  if (sharing == "cyclic_reduction")
    return sequences * ((chunks + groups) * map + groups * width() * 4);
  const bool prefixes = shape.find(".prefixes = true") != std::string::npos;
  return sequences * ((2 * chunks + groups) * map + (prefixes ? steps * prefixBytes() : 0));
}

std::int64_t DenseVariant::prefixesAt(std::int64_t sequences, std::int64_t steps) const {
  return mapBytes(sequences, steps) - sequences * steps * prefixBytes();
}

std::int64_t DenseVariant::prefixBytes() const {
  return upTo(policyField("terms") * 2 * width() * width() + width() / 4, 128);
}

std::ostream &operator<<(std::ostream &out, const DenseVariant &variant) {
  return out << variant.size << ' ' << variant.element << ' ' << variant.shape
             << (variant.whole ? "" : " in parts");
}

std::string withoutLine(const std::string &header, const std::string &from, const std::string &to) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "broken";
  fs::remove_all(root);
  fs::copy(library(), root, fs::copy_options::recursive);
  const fs::path path = root / "scanc" / header;
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  replaceOnce(text, from, to);
  std::ofstream(path) << text;
  return root.string();
}

DenseProblem::DenseProblem(const DenseVariant &variant, std::int64_t sequences, std::int64_t steps,
                           std::uint64_t seed, const Magnitudes &magnitudes)
    : sequences(sequences), steps(steps), size(variant.size),
      A("A", Operand::Role::input, dtypeOf(variant.element), {sequences, steps, size, size}),
      b("b", Operand::Role::input, Dtype::f32, {sequences, steps, size}),
      h0("h0", Operand::Role::input, Dtype::f32, {sequences, size}),
      h("h", Operand::Role::output, Dtype::f32, {sequences, steps, size}),
      hT("hT", Operand::Role::output, Dtype::f32, {sequences, size}) {
  Numbers numbers(seed);
  for (std::int64_t s = 0; s < sequences; ++s) {
    for (std::int64_t i = 0; i < size; ++i)
      h0.set({s, i}, magnitudes.initial * numbers.uniform(-1, 1));
    for (std::int64_t t = 0; t < steps; ++t) {
      const double scale = magnitudes.growth(t) * std::sqrt(3.0 / static_cast<double>(size));
      for (std::int64_t i = 0; i < size; ++i) {
        b.set({s, t, i}, magnitudes.input * numbers.uniform(-1, 1));
        for (std::int64_t l = 0; l < size; ++l)
          A.set({s, t, i, l}, i < magnitudes.zeroRows ? 0 : numbers.uniform(-scale, scale));
      }
    }
  }
}

Result<emulation::Statistics> DenseProblem::run(const DenseVariant &variant, std::uint64_t seed,
                                                const std::string &templates) {
  auto module = emulation::EmulatedModule::build(
      variant.text(), std::vector<std::string>{templates}, "scanc_dense");
  if (!module)
    return module.error();
  std::vector<std::uint64_t> words;
  std::vector<emulation::Buffer> buffers;
  for (Operand *operand : {&A, &b, &h0, &h, &hT}) {
    operand->appendWords(words);
    buffers.push_back(operand->buffer());
  }
  words.insert(words.end(),
               {static_cast<std::uint64_t>(sequences), static_cast<std::uint64_t>(steps)});
  if (variant.sharesTime()) {
    const std::int64_t flagBytes = variant.flagBytes(sequences, steps);
    const std::int64_t maps = variant.mapBytes(sequences, steps);
    workspace.resize((flagBytes + maps) / 8 + 16);
    const std::int64_t begin = upTo(reinterpret_cast<std::int64_t>(workspace.data()), 128);
    flags = {reinterpret_cast<const char *>(begin), static_cast<std::size_t>(flagBytes)};
    prefixesAt = begin + flagBytes + variant.prefixesAt(sequences, steps) -
                 reinterpret_cast<std::int64_t>(workspace.data());
    words.insert(words.end(), {static_cast<std::uint64_t>(begin),
                               static_cast<std::uint64_t>(begin + flagBytes)});
    buffers.push_back({.name = "flags",
                       .data = reinterpret_cast<void *>(begin),
                       .bytes = flagBytes,
                       .granule = 4});
    if (maps > 0)
      buffers.push_back({.name = "maps",
                         .data = reinterpret_cast<void *>(begin + flagBytes),
                         .bytes = maps,
                         .initialized = false,
                         .granule = 4});
  }
  return module->launch({.blocks = variant.blocks(sequences, steps),
                         .threads = variant.policyField("threads"),
                         .sharedBytes = variant.sharedBytes()},
                        words, buffers, {.seed = seed});
}

bool DenseProblem::flagsAreZero() const {
  return std::all_of(flags.begin(), flags.end(), [](char byte) { return byte == 0; });
}

double DenseProblem::errorOfPrefixes(const DenseVariant &variant) const {
  const std::int64_t width = variant.width(), terms = variant.policyField("terms");
  const auto *bytes = reinterpret_cast<const unsigned char *>(workspace.data()) + prefixesAt;
  double difference = 0, magnitude = 0;
  for (std::int64_t s = 0; s < sequences; ++s) {
    std::vector<double> exact(size * size), next(size * size);
    for (std::int64_t i = 0; i < size; ++i)
      exact[i * size + i] = 1;
    for (std::int64_t t = 0; t < steps; ++t, bytes += variant.prefixBytes()) {
      for (std::int64_t i = 0; i < size; ++i)
        for (std::int64_t j = 0; j < size; ++j) {
          next[i * size + j] = 0;
          for (std::int64_t l = 0; l < size; ++l)
            next[i * size + j] += A.at({s, t, i, l}) * exact[l * size + j];
        }
      exact.swap(next);
      // Thread and word of a tile that hold element (i, j), the transpose's (j, i).
      const auto *exponents =
          reinterpret_cast<const std::int32_t *>(bytes + terms * 2 * width * width);
      for (std::int64_t i = 0; i < size; ++i)
        for (std::int64_t j = 0; j < size; ++j) {
          const std::int64_t thread = j / 16 * 32 + j % 8 * 4 + i % 8 / 2;
          const std::int64_t word = j % 16 / 8 + i % 16 / 8 * 2;
          double number = 0;
          for (std::int64_t term = 0; term < terms; ++term) {
            const std::int64_t tile = (term * (width / 16) + i / 16) * 2 * width + thread;
            number += loadElement(bytes + 16 * tile + 4 * word + i % 2 * 2,
                                  dtypeOf(variant.element));
          }
          const double error =
              std::ldexp(number, exponents[j / 16]) - exact[i * size + j];
          difference += error * error;
          magnitude += exact[i * size + j] * exact[i * size + j];
        }
    }
  }
  return std::sqrt(difference / magnitude);
}

double DenseProblem::error() const {
  double difference = 0, magnitude = 0;
  const auto compare = [&](double exact, double computed) {
    difference += (exact - computed) * (exact - computed);
    magnitude += exact * exact;
  };
  for (std::int64_t s = 0; s < sequences; ++s) {
    std::vector<double> state(size), next(size);
    for (std::int64_t i = 0; i < size; ++i)
      state[i] = h0.at({s, i});
    for (std::int64_t t = 0; t < steps; ++t) {
      for (std::int64_t i = 0; i < size; ++i) {
        next[i] = b.at({s, t, i});
        for (std::int64_t l = 0; l < size; ++l)
          next[i] += A.at({s, t, i, l}) * state[l];
        compare(next[i], h.at({s, t, i}));
      }
      state.swap(next);
    }
    for (std::int64_t i = 0; i < size; ++i)
      compare(state[i], hT.at({s, i}));
  }
  return std::sqrt(difference / magnitude);
}

} // namespace scanc::templates
