//===- Trial.cpp - Lay out, evaluate, compare -----------------------------===//
#include "tests/smith/Trial.h"

#include "tests/support/Comparison.h"

#include <algorithm>
#include <cmath>

namespace scanc::smith {

using testing_support::forEachElement;

CompileOptions optionsOf(const RandomProgram &program, const std::string &target, bool all) {
  CompileOptions options;
  options.filename = "smith.scan";
  options.target = target;
  options.step = program.step;
  options.sizes = program.sizes;
  if (!all)
    for (const std::string &name : program.open)
      options.sizes.erase(name);
  return options;
}

Result<Trial> Trial::create(const RandomProgram &program) {
  Trial trial;
  const CompileOptions options = optionsOf(program, "cpu", true);
  auto parameters = signature(program.text, options);
  if (!parameters)
    return parameters.error();
  trial.parameters = std::move(*parameters);
  auto packed = testing_support::makeOperands(program.text, options, trial.parameters, program.seed);
  if (!packed)
    return packed.error();
  testing_support::Operands operands = testing_support::withGaps(packed->tensors, program.gap);
  trial.storage = std::move(operands.storage);
  trial.views = std::move(operands.tensors);
  for (std::size_t p = 0; p < trial.parameters.size(); ++p) {
    trial.places.push_back(p);
    if (trial.parameters[p].role == Parameter::Role::output) // what a result's element holds is NaN
      forEachElement(trial.views[p], [&](char *element) {
        std::fill_n(element, sizeOf(trial.views[p].dtype), static_cast<char>(0xff));
      });
  }
  trial.drawn = trial.storage;
  auto expected = evaluateReference(program.text, trial.views, options);
  if (!expected)
    return expected.error();
  trial.expected = std::move(*expected);
  for (const ReferenceTensor &tensor : trial.expected)
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      trial.isNumber &= !std::isnan(tensor.values[i]);
      trial.bounded &= trial.isNumber && std::isfinite(tensor.bounds[i]);
    }
  // Final states of a step lie where the initial ones did.
  for (std::size_t p = 0; p < trial.parameters.size(); ++p)
    for (std::size_t from = 0; from < p; ++from)
      if (!trial.parameters[p].updates.empty() && trial.parameters[from].name == trial.parameters[p].updates) {
        trial.views[p] = trial.views[from];
        trial.places[p] = from;
      }
  return trial;
}

void Trial::restore() {
  for (std::size_t i = 0; i < storage.size(); ++i)
    std::copy(drawn[i].begin(), drawn[i].end(), storage[i].begin()); // views stay valid
}

/// Takes over what kernels may write.
void Trial::coverResults(std::vector<std::vector<char>> &image) const {
  for (std::size_t p = 0; p < parameters.size(); ++p)
    if (parameters[p].role == Parameter::Role::output)
      forEachElement(views[p], [&](char *element) {
        const std::vector<char> &from = storage[places[p]];
        std::copy_n(element, sizeOf(views[p].dtype), image[places[p]].data() + (element - from.data()));
      });
}

std::string Trial::verdict(tuning::Allowance allowance, double norm) {
  std::vector<std::vector<char>> allowed = drawn;
  coverResults(allowed);
  for (std::size_t i = 0; i < storage.size(); ++i)
    if (auto [was, is] = std::mismatch(allowed[i].begin(), allowed[i].end(), storage[i].begin());
        was != allowed[i].end())
      return "byte " + std::to_string(was - allowed[i].begin()) + " of the memory of '" + parameters[i].name +
             "' was written and is no result";
  std::size_t result = 0;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (parameters[p].role != Parameter::Role::output)
      continue;
    auto found = tuning::compare(parameters[p].name, views[p], expected[result++], allowance);
    if (found.wrong > 0 && isNumber)
      return found.firstWrong + "; " + std::to_string(found.wrong) + " of " + std::to_string(found.elements) +
             " elements are wrong";
    if (found.relativeL2 > norm)
      return found.name + ": expected a relative L2 error of at most " + std::to_string(norm) + ", got " +
             std::to_string(found.relativeL2);
  }
  return "";
}

} // namespace scanc::smith
