//===- scanc/Compile.h - From the text of a recurrence to a kernel -*- C++ -*-===//
//
// Public and installed. No MLIR, LLVM, CUDA or NVRTC type appears here.
//
//     auto kernel = scanc::orExit(scanc::compile(text, {.sizes = {{"N", 16}}}));
//     const scanc::TensorRef operands[] = {f, x, z, y};
//     scanc::orExit(kernel.launch(operands));
//
// Every function may be called from several threads at once.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_COMPILE_H
#define SCANC_COMPILE_H

#include "scanc/Kernel.h"
#include "scanc/Program.h"
#include "scanc/Result.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanc {

/// The stages of a compilation, in order. `ast`, `scan`, `affine`, `plan` and `cuda` are text.
enum class Stage : std::uint8_t { ast, scan, affine, plan, cuda };

std::string_view spelling(Stage stage);
std::optional<Stage> stageFromSpelling(std::string_view text);

struct CompileOptions {
  std::string filename = "<text>"; ///< for diagnostics
  std::string kernel;              ///< which kernel of the file; may be empty when it has one
  std::map<std::string, std::int64_t> sizes; ///< sizes to specialise for, by name; others stay dynamic
  std::string strategy;            ///< empty: as pinned in the text, else chosen by cost
  std::string target = "native";   ///< "sm_80", "sm_90a", …, "cpu", or "native": the GPU if there is one
  /// Makes one step of the program: T is 1, and final states may lie where the initial ones do, which are updated.
  bool step = false;
  std::string variant;             ///< whose text `emit` of `cuda` gives; empty: the preferred one
  std::optional<Stage> from;       ///< the text is that stage's (`scan`, `affine` or `plan`), edited perhaps
  LoadOptions load;
  /// A file of what `scanc tune` found, which chooses the strategy where neither this nor the text pins one; empty:
  /// SCANC_WISDOM; "off": none.
  std::string wisdom;
};

/// A candidate of the planner, as `scanc explain` shows it.
struct Candidate {
  std::string strategy;
  std::string declined;   ///< why it cannot be used; empty when it can
  bool chosen = false;
  double seconds = 0;     ///< estimated, at the sizes assumed below
  std::int64_t bytes = 0; ///< moved through device memory
  double flops = 0;
  std::int64_t registersPerThread = 0; ///< estimated
  std::int64_t sharedBytes = 0;        ///< per block
  bool deterministic = true;
  std::string errorBound;
  std::string policy;     ///< the policy it would use, as printed in the plan
};

/// A row of each step that is multiplied by matrices which all steps have: one product over all of time.
struct ProjectedRow {
  std::string row;                  ///< a tensor, or what it is of: "the state"
  std::string over;                 ///< the index that is summed up
  std::vector<std::string> weights; ///< tensors
};

struct Explanation {
  std::string kernel;
  std::string structure; ///< of each state's transition, and its ring
  std::vector<ProjectedRow> projections;
  std::string target;
  std::map<std::string, std::int64_t> assumedSizes; ///< unbound sizes are estimated at these
  std::map<std::string, std::int64_t> sizesToBind;  ///< of these, what a kernel needs to know
  std::string wisdom;  ///< how what a wisdom file knows was used: "exact: …", "untuned: …"; empty without one
  std::string refusal; ///< why no candidate is chosen: "SC3004: the pin …"; else empty
  std::vector<Candidate> candidates;
};

/// The text of `stage` for the kernel in `text`.
Result<std::string> emit(std::string_view text, Stage stage, const CompileOptions &options = {});

/// The architectures that programs are compiled for: "sm_80, sm_86, …".
std::string architectures();

/// The program that a GPU runs. `options.target` "cpu" is an error: see `compile`.
Result<Program> compileProgram(std::string_view text, const CompileOptions &options = {});

/// A kernel ready to launch on `options.target`.
Result<Kernel> compile(std::string_view text, const CompileOptions &options = {});

/// Every strategy with its cost, or the reason why it declines.
Result<Explanation> explain(std::string_view text, const CompileOptions &options = {});

/// The signature of the kernel in `text`: parameters in order, inputs first.
Result<std::vector<Parameter>> signature(std::string_view text, const CompileOptions &options = {});

/// Canonical text.
Result<std::string> format(std::string_view text, std::string_view filename = "<text>");

/// What the f64 reference interpreter gives for one result: every element in row-major order
/// (c64: real and imaginary part in turn), and for each a bound on the error of any correct kernel.
struct ReferenceTensor {
  std::vector<std::int64_t> sizes;
  std::vector<double> values;
  std::vector<double> bounds;
};

/// Evaluates the kernel in f64 on host tensors. `operands` follow the signature; results give
/// sizes and are not written.
Result<std::vector<ReferenceTensor>> evaluateReference(std::string_view text,
                                                       std::span<const TensorRef> operands,
                                                       const CompileOptions &options = {});

} // namespace scanc

#endif // SCANC_COMPILE_H
