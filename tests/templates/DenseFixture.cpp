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
  replaceOnce(text, "whole_chunks = true", fmt::format("whole_chunks = {}", whole));
  text = std::regex_replace(text, std::regex("\\bf16\\b"), element);
  return text;
}

int DenseVariant::policyField(const std::string &name) const {
  std::smatch match;
  if (!std::regex_search(shape, match, std::regex("\\." + name + " = (\\d+)")))
    throw std::logic_error("the policy has no " + name);
  return std::stoi(match[1]);
}

std::int64_t DenseVariant::sharedBytes() const {
  const auto upTo = [](std::int64_t value, std::int64_t unit) {
    return (value + unit - 1) / unit * unit;
  };
  const std::int64_t bytes = sizeOf(dtypeOf(element)), line = 128 / bytes;
  const std::int64_t width = size > line / 2   ? upTo(size, line)
                             : size > line / 4 ? line / 2
                                               : line / 4;
  const std::int64_t threads = policyField("threads");
  const std::int64_t panel = threads / policyField("parts") * policyField("rows");
  return policyField("ring") * upTo(panel * width * bytes + 4 * size, 128) + 8 * (width + threads) +
         128;
}

std::ostream &operator<<(std::ostream &out, const DenseVariant &variant) {
  return out << variant.size << ' ' << variant.element << ' ' << variant.shape
             << (variant.whole ? "" : " in parts");
}

std::string withoutLine(const std::string &header, const std::string &from, const std::string &to) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "broken";
  fs::remove_all(root);
  fs::copy(SCANC_TEMPLATES, root, fs::copy_options::recursive);
  const fs::path path = root / "scanc" / header;
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  replaceOnce(text, from, to);
  std::ofstream(path) << text;
  return root.string();
}

DenseProblem::DenseProblem(const DenseVariant &variant, std::int64_t sequences, std::int64_t steps,
                           std::uint64_t seed)
    : sequences(sequences), steps(steps), size(variant.size),
      A("A", Operand::Role::input, dtypeOf(variant.element), {sequences, steps, size, size}),
      b("b", Operand::Role::input, Dtype::f32, {sequences, steps, size}),
      h0("h0", Operand::Role::input, Dtype::f32, {sequences, size}),
      h("h", Operand::Role::output, Dtype::f32, {sequences, steps, size}),
      hT("hT", Operand::Role::output, Dtype::f32, {sequences, size}) {
  Numbers numbers(seed);
  const double scale = std::sqrt(3.0 / static_cast<double>(size));
  for (std::int64_t s = 0; s < sequences; ++s) {
    for (std::int64_t i = 0; i < size; ++i)
      h0.set({s, i}, numbers.uniform(-1, 1));
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t i = 0; i < size; ++i) {
        b.set({s, t, i}, numbers.uniform(-1, 1));
        for (std::int64_t l = 0; l < size; ++l)
          A.set({s, t, i, l}, numbers.uniform(-scale, scale));
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
  return module->launch({.blocks = sequences,
                         .threads = variant.policyField("threads"),
                         .sharedBytes = variant.sharedBytes()},
                        words, buffers, {.seed = seed});
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
