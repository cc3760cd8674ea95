//===- launch/LaunchPlanner.h - A program with its formulas parsed --------===//
//
// Made once per program; planning a launch then parses nothing. Const members
// may be called from several threads at once.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_LAUNCHPLANNER_H
#define SCANC_RUNTIME_LAUNCH_LAUNCHPLANNER_H

#include "runtime/launch/CompiledFormula.h"
#include "scanc/LaunchPlan.h"

#include <memory>
#include <optional>

namespace scanc::rt {

/// A dimension of the signature: `name + offset`, or the number `offset` alone.
struct Dimension {
  static constexpr std::size_t noName = -1;
  std::size_t name = noName; ///< position in FactNames::sizes
  std::int64_t offset = 0;
};

/// The signature of a program, resolved.
struct Signature {
  FactNames names;
  std::vector<std::vector<Dimension>> dims;       ///< per parameter
  std::vector<std::optional<std::int64_t>> bound; ///< per size name: fixed at compile time
};

/// The bytes that an operand may touch; none when it has no element.
struct AddressRange {
  std::int64_t first = 0;
  std::int64_t last = -1;
  bool overlaps(const AddressRange &other) const {
    return first <= other.last && other.first <= last;
  }
};

/// The facts of one launch and the memory that they view. Moves keep the views valid; a copy
/// would not. Binding again uses the memory again: launches of one program allocate nothing.
struct BoundOperands {
  BoundOperands() = default;
  BoundOperands(BoundOperands &&) = default;
  BoundOperands &operator=(BoundOperands &&) = default;

  std::vector<std::int64_t> sizes;
  std::vector<std::vector<std::int64_t>> strides; ///< canonical: see `bindOperands`
  std::vector<OperandFacts> operands;
  std::vector<AddressRange> ranges;
  std::vector<std::size_t> firstUse; ///< per size name: the operand that binds it
  std::vector<std::int64_t> buffers; ///< addresses in the workspace, once it is placed
};

/// An error of kind input with the code, at the place where the user declared `parameter`.
Error operandError(const Program &program, const Parameter &parameter, std::string code,
                   std::string message, std::string help);

/// Checks `operands` against the signature (SC6001 to SC6013). Where a dimension has at most one
/// element its stride is never used, and is taken as that of a contiguous tensor.
Result<void> bindOperands(const Program &program, const Signature &signature,
                          std::span<const TensorRef> operands, const LaunchTarget &target,
                          BoundOperands &bound);

/// Words of the argument struct of a variant, those of its maps included.
inline std::size_t wordsOf(const KernelVariant &variant) {
  constexpr std::size_t aligned = PlannedKernel::mapAlignment;
  std::size_t words = variant.arguments.size();
  if (!variant.maps.empty())
    words = (words + aligned - 1) / aligned * aligned;
  return words + PlannedKernel::mapWords * variant.maps.size();
}

class LaunchPlanner {
public:
  /// Fails on a program that no operands could launch.
  static Result<LaunchPlanner> create(std::shared_ptr<const Program> program,
                                      const std::string &entry = {});

  // These three allocate nothing, unless they fail, where `bound` and `plan` were those of an
  // earlier launch.
  Result<void> bind(std::span<const TensorRef> operands, const LaunchTarget &target,
                    BoundOperands &bound) const {
    return bindOperands(*program, signature, operands, target, bound);
  }
  /// Everything but the words and the zeroed ranges, which hold addresses of the workspace.
  Result<void> plan(const BoundOperands &bound, const LaunchTarget &target, LaunchPlan &plan) const;
  /// Fills in both for a workspace that begins at `address`.
  Result<void> placeWorkspace(LaunchPlan &plan, BoundOperands &bound, std::int64_t address,
                              bool kept = false) const;

  std::int64_t sizeOf(const BoundOperands &bound, std::string_view name) const;
  /// That a workspace which the caller gives is large enough and lies apart from every operand.
  Result<void> checkWorkspace(const LaunchPlan &plan, const BoundOperands &bound,
                              const Workspace &workspace) const;

  const KernelVariant &variantOf(const PlannedKernel &kernel) const {
    return std::get<KernelStep>(entry().steps[kernel.step]).variants[kernel.variant];
  }
  const Entry &entry() const { return program->entries[entryIndex]; }

private:
  struct CompiledLaunch {
    std::vector<CompiledFormula> grid;   ///< three
    std::vector<CompiledFormula> shared; ///< one
  };
  struct CompiledVariant {
    std::vector<CompiledFormula> required;
    std::vector<CompiledLaunch> launches;
    std::vector<CompiledFormula> arguments;
    std::vector<CompiledFormula> maps; ///< six each: address, sizes, strides
  };
  struct CompiledStep {
    std::vector<CompiledVariant> variants;
    std::size_t launches = 0; ///< of the variant that has most
  };

  Result<void> compile(const KernelVariant &variant, CompiledVariant &compiled) const;
  Result<void> planKernel(PlannedKernel &kernel, const Facts &facts,
                          const LaunchTarget &target) const;
  Result<void> placeWords(PlannedKernel &kernel, const Facts &facts) const;
  Result<std::size_t> pickVariant(std::size_t step, const Facts &facts) const;
  Error noVariant(std::size_t step, const Facts &facts) const;

  std::shared_ptr<const Program> program;
  std::size_t entryIndex = 0;
  Signature signature;
  std::vector<CompiledStep> steps;
  std::vector<CompiledFormula> bufferBytes;
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_LAUNCHPLANNER_H
