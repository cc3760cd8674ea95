//===- Subject.h - One program, launched at many sizes ----------*- C++ -*-===//
#ifndef SCANC_TESTS_GRID_SUBJECT_H
#define SCANC_TESTS_GRID_SUBJECT_H

#include "scanc/Compile.h"
#include "tests/support/Comparison.h"
#include "tests/support/Placement.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace scanc::testing_support {

using Sizes = std::map<std::string, std::int64_t>;

/// Whether SCANC_SOAK asks for the long form.
bool isLongForm();
/// Whether SCANC_GRID_GPU asks for launches on the GPU, in place of the emulation and the CPU.
bool isOnGpu();

/// How many elements a tensor has.
std::int64_t elementsOf(const TensorRef &tensor);

/// Where each of `count` operands lies: anywhere, or packed for every second seed.
std::vector<Placement> placesOf(std::uint64_t seed, std::size_t count);

/// A program that is compiled once, sizes open but for those bound.
class Subject {
public:
  /// `strategy` with fields of its policy, for sm_90a in the emulation; "cpu": the CPU backend, and
  /// on a GPU what the planner picks.
  Subject(std::string text, const std::string &strategy, const Sizes &bound = {});

  /// Random operands for a launch at these sizes.
  Operands operands(const Sizes &sizes, std::uint64_t seed) const;
  /// Launches on `tensors`; `seed` draws the order of threads.
  Result<void> launch(const std::vector<TensorRef> &tensors, std::uint64_t seed) const;
  /// The same with number i placed as `placements[i % count]` says. What is wrong with the launch
  /// or with what it left beside its results, or empty.
  std::string launch(Operands &operands, const std::vector<Placement> &placements,
                     std::uint64_t seed) const;
  /// Launches on random operands, of which number i lies as `placements[i % count]` says, and
  /// compares the results with the reference. What is wrong, or empty.
  std::string wrong(const Sizes &sizes, const std::vector<Placement> &placements,
                    std::uint64_t seed) const;
  /// Compares the results among `operands` with the reference.
  std::string mismatch(const Sizes &sizes, const Operands &operands) const;

  /// What the reference gives for the results.
  std::vector<ReferenceTensor> reference(const Sizes &sizes, const Operands &operands) const;

  /// Counts a case and its results, of which this process tells the sum at its end.
  void countCompared(const Operands &operands) const;

  const std::vector<Parameter> &signature() const { return parameters; }
  bool isInput(std::size_t operand) const {
    return parameters[operand].role == Parameter::Role::input;
  }
  double factor() const { return ofBound; }

private:
  CompileOptions optionsFor(const Sizes &sizes) const;

  std::string text;
  CompileOptions options;
  std::optional<Program> program;
  std::optional<Kernel> kernel; ///< of the CPU backend or on the GPU; none for the emulation
  std::vector<Parameter> parameters;
  double ofBound = 1; ///< of the reference's bound, within which a number is right
};

} // namespace scanc::testing_support

#endif // SCANC_TESTS_GRID_SUBJECT_H
