//===- Subject.cpp - Compile once, launch, compare ------------------------===//
#include "tests/grid/Subject.h"

#include "runtime/tuning/Comparison.h"
#include "tests/emulation/Program.h"
#include "tests/support/OnGpu.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <cstring>
#include <iostream>

namespace scanc::testing_support {

namespace {

/// What all tests of this process have done, said at its end.
class Tally : public testing::Environment {
public:
  void TearDown() override { std::cout << cases << " cases, " << numbers << " numbers compared\n"; }
  std::int64_t cases = 0, numbers = 0;
};
Tally &tally = *static_cast<Tally *>(testing::AddGlobalTestEnvironment(new Tally));

/// A column's sum of 16 products begins with what is added to it, which then is rounded once with
/// each product, where the reference adds it behind them and counts one rounding.
constexpr double sumsFromInputs = 16;

} // namespace

std::int64_t elementsOf(const TensorRef &tensor) {
  std::int64_t count = 1;
  for (std::int64_t size : tensor.sizes)
    count *= size;
  return count;
}

std::vector<Placement> placesOf(std::uint64_t seed, std::size_t count) {
  std::vector<Placement> places(count);
  if (seed % 2 == 0)
    return places;
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  for (Placement &place : places) {
    place.shift = below(33);
    place.gap = below(3) ? 0 : 1 + below(9);
    place.exchanged = below(4) == 0;
    place.atEnd = below(4) == 0;
    place.backwards = below(4) == 0 ? below(8) : 0;
    place.repeated = below(6) == 0 ? below(8) : 0;
  }
  return places;
}

bool isLongForm() { return std::getenv("SCANC_SOAK") != nullptr; }
bool isOnGpu() { return std::getenv("SCANC_GRID_GPU") != nullptr; }

Subject::Subject(std::string source, const std::string &strategy, const Sizes &bound)
    : text(std::move(source)) {
  options.filename = "grid.scan";
  options.sizes = bound;
  const bool planned = strategy == "cpu";
  options.target = planned && !isOnGpu() ? "cpu" : "sm_90a";
  if (!planned)
    options.strategy = strategy;
  if (planned || isOnGpu())
    kernel = orExit(compile(text, options));
  program = kernel ? kernel->program() : orExit(compileProgram(text, options));
  parameters = program->parameters;
  if (program->strategy == "chunkwise")
    ofBound = tuning::statedAllowance(*program).factor;
  if (program->strategy == "matmul_scan")
    ofBound = splitProducts;
  if (program->planText.find("dense_") != std::string::npos && program->strategy != "sequential")
    ofBound = keptProducts;
  if (program->planText.find("dense_columns") != std::string::npos)
    ofBound = sumsFromInputs;
  if (program->planText.find("power_reduction") != std::string::npos)
    ofBound = twoWalks;
}

CompileOptions Subject::optionsFor(const Sizes &sizes) const {
  CompileOptions all = options;
  all.sizes.insert(sizes.begin(), sizes.end());
  return all;
}

Operands Subject::operands(const Sizes &sizes, std::uint64_t seed) const {
  return orExit(makeOperands(text, optionsFor(sizes), parameters, seed));
}

Result<void> Subject::launch(const std::vector<TensorRef> &tensors, std::uint64_t seed) const {
  if (isOnGpu())
    return launchOnGpu(*kernel, tensors);
  if (kernel)
    return kernel->launch(tensors);
  return emulation::runProgram(*program, tensors, {.seed = seed});
}

void Subject::countCompared(const Operands &operands) const {
  ++tally.cases;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    tally.numbers += isInput(i) ? 0 : elementsOf(operands.tensors[i]);
}

std::string Subject::mismatch(const Sizes &sizes, const Operands &operands) const {
  countCompared(operands);
  return firstMismatch(text, optionsFor(sizes), parameters, operands, ofBound);
}

std::vector<ReferenceTensor> Subject::reference(const Sizes &sizes,
                                                const Operands &operands) const {
  return orExit(evaluateReference(text, operands.tensors, optionsFor(sizes)));
}

std::string Subject::launch(Operands &operands, const std::vector<Placement> &placements,
                            std::uint64_t seed) const {
  std::vector<Placed> placed;
  std::vector<TensorRef> tensors;
  for (std::size_t i = 0; i < operands.tensors.size(); ++i) {
    Placement placement = placements[i % placements.size()];
    if (!isInput(i) || !parameters[i].cuts.empty()) // offsets of segments ascend
      placement.repeated = 0;
    placed.emplace_back(operands.tensors[i], placement);
    tensors.push_back(placed.back().tensor());
  }
  if (auto done = launch(tensors, seed); !done)
    return render(done.error());
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const std::vector<char> before = operands.storage[i];
    if (std::string changed = placed[i].collect(operands.tensors[i]); !changed.empty())
      return parameters[i].name + ": " + changed;
    if (isInput(i) && before != operands.storage[i])
      return parameters[i].name + ": an input has changed";
  }
  return "";
}

std::string Subject::wrong(const Sizes &sizes, const std::vector<Placement> &placements,
                           std::uint64_t seed) const {
  Operands drawn = operands(sizes, seed);
  const std::string failed = launch(drawn, placements, seed);
  return failed.empty() ? mismatch(sizes, drawn) : failed;
}

} // namespace scanc::testing_support
