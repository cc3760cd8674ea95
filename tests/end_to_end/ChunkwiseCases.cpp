//===- ChunkwiseCases.cpp - Chunkwise programs against the oracle ---------===//
#include "tests/end_to_end/ChunkwiseCases.h"

#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace scanc::testing_support {

/// The program with f16 where it has bf16.
std::string withF16(std::string text) {
  for (std::size_t at = 0; (at = text.find("bf16", at)) != std::string::npos;)
    text.replace(at, 4, "f16");
  return text;
}

namespace {

double numberAt(const TensorRef &tensor, std::int64_t i) { return loadElement(elementOf(tensor, i), tensor.dtype); }

/// The same numbers in packed tensors, their absolute values where `absolute`.
Operands magnitudesOf(const std::vector<TensorRef> &tensors, const std::vector<bool> &absolute) {
  Operands copy = withGaps(tensors, 0);
  for (std::size_t p = 0; p < tensors.size(); ++p)
    forEachElement(copy.tensors[p], [&](char *element) {
      double value = loadElement(element, tensors[p].dtype);
      storeElement(element, tensors[p].dtype, absolute[p] ? std::fabs(value) : value);
    });
  return copy;
}

/// Strengths of corrections as layers have them, from 0 to 1: those that are drawn keep the reference's bounds finite and
/// shrink with the rows of the state, so that a correction that is not made would not be seen.
void spread(const TensorRef &strengths) {
  double largest = 0;
  forEachElement(strengths, [&](char *element) {
    largest = std::max(largest, std::fabs(loadElement(element, strengths.dtype)));
  });
  forEachElement(strengths, [&](char *element) {
    if (largest > 0)
      storeElement(element, strengths.dtype, std::fabs(loadElement(element, strengths.dtype)) / largest);
  });
}

void poison(Operands &operands, const std::vector<Parameter> &parameters, const std::vector<Poison> &poisons) {
  for (const Poison &one : poisons)
    for (std::size_t p = 0; p < parameters.size(); ++p)
      if (parameters[p].name == one.parameter) {
        const TensorRef &tensor = operands.tensors[p];
        storeElement(elementOf(tensor, one.element), tensor.dtype, one.value);
      }
}

/// The launches of states of spans before those of first spans, each variant's.
void turnLaunches(std::vector<KernelVariant> &variants) {
  for (KernelVariant &variant : variants) {
    const auto states = std::find_if(variant.launches.begin(), variant.launches.end(), [](const KernelLaunch &launch) {
      return launch.entry.ends_with("_chunk_states");
    });
    ASSERT_NE(states, variant.launches.end());
    ASSERT_EQ((states - 1)->entry, variant.launches.back().entry); // the kernel's own, of first spans
    std::iter_swap(states - 1, states);
  }
}

/// Of the numbers that are finite.
double normOf(const std::vector<double> &numbers) {
  double squares = 0;
  for (double number : numbers)
    squares += std::isfinite(number) ? number * number : 0;
  return std::sqrt(squares);
}

} // namespace

void expectNear(const std::string &text, const Sizes &sizes, const How &how) {
  CompileOptions options;
  options.filename = "chunks.scan";
  options.target = "sm_90a";
  options.strategy = how.strategy;
  options.sizes = sizes;
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  if (!how.offsets.empty())
    options.sizes["S"] = static_cast<std::int64_t>(how.offsets.size()) - 1; // not known to the program
  auto drawn = makeOperands(text, options, program->parameters, 3);
  ASSERT_TRUE(drawn) << render(drawn.error());
  std::vector<bool> positive;
  for (const Parameter &parameter : program->parameters)
    positive.push_back(parameter.role == Parameter::Role::input &&
                       !how.signedInputs.contains(parameter.name));
  for (std::size_t p = 0; p < program->parameters.size(); ++p)
    if (!program->parameters[p].cuts.empty() && !how.offsets.empty())
      std::memcpy(drawn->tensors[p].data, how.offsets.data(), sizeof(std::int32_t) * how.offsets.size());
  for (std::size_t p = 0; p < program->parameters.size(); ++p)
    if (program->parameters[p].name == "beta")
      spread(drawn->tensors[p]);
  poison(*drawn, program->parameters, how.poisons);
  Operands operands = withGaps(drawn->tensors, how.gap),
           magnitudes = magnitudesOf(drawn->tensors, positive);
  std::erase_if(std::get<KernelStep>(program->entries[0].steps[0]).variants,
                [&](const KernelVariant &variant) { return !variant.name.starts_with(how.variants); });
  if (how.turns)
    turnLaunches(std::get<KernelStep>(program->entries[0].steps[0]).variants);
  auto done = emulation::runProgram(*program, operands.tensors, {.seed = 3});
  ASSERT_TRUE(done) << render(done.error());
  auto expected = evaluateReference(text, operands.tensors, options);
  auto largest = evaluateReference(text, magnitudes.tensors, options);
  ASSERT_TRUE(expected && largest);
  bool isHalf = program->promises.errorBound.starts_with("2^-11");
  bool isCorrected = program->planText.find(" correct ") != std::string::npos;
  const bool cancels = isCorrected || how.normed;
  double bound = isHalf ? 0x1p-10 : 0x1p-7, boundOfAll = cancels ? bound : 4e-3;
  // What a correction takes back leaves its roundings: of keys that are alike terms of 64 times the state's variance
  // (`statedNorm`), of keys in any directions of K numbers a share of 1 / K of each. Four roundings of all, each of bound / 4.
  if (isCorrected && sizes.contains("K"))
    boundOfAll = std::max(boundOfAll, bound / 2 * std::sqrt(1 + 64 / static_cast<double>(sizes.at("K"))));
  if (how.boundOfAll > 0)
    boundOfAll = how.boundOfAll;
  std::size_t result = 0;
  for (std::size_t p = 0; p < operands.tensors.size(); ++p) {
    if (program->parameters[p].role != Parameter::Role::output)
      continue;
    const std::vector<double> &wanted = (*expected)[result].values;
    std::vector<double> &most = (*largest)[result].values;
    ++result;
    double errors = 0, all = 0;
    if (cancels) {
      const auto count = std::count_if(wanted.begin(), wanted.end(), [](double number) { return std::isfinite(number); });
      std::fill(most.begin(), most.end(), 16 * normOf(wanted) / std::sqrt(static_cast<double>(count)));
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      double value = numberAt(operands.tensors[p], i), error = value - wanted[i];
      if (!std::isfinite(wanted[i])) {
        ASSERT_FALSE(std::isfinite(value)) << program->parameters[p].name << "[" << i << "]: got " << value;
        continue;
      }
      ASSERT_LE(std::fabs(error), bound * most[i])
          << program->parameters[p].name << "[" << i << "]: got " << value << ", expected " << wanted[i];
      errors += error * error;
      all += wanted[i] * wanted[i];
    }
    EXPECT_LE(errors, boundOfAll * boundOfAll * all) << program->parameters[p].name;
  }
}

} // namespace scanc::testing_support
