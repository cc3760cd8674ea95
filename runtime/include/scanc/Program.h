//===- scanc/Program.h - What the compiler hands to the runtime -*- C++ -*-===//
//
// Public and installed. The one plain value that crosses from compiler to
// runtime. It can be written to a file (a bundle), read back on another
// machine, edited by hand, and launched with no LLVM in the process.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_PROGRAM_H
#define SCANC_PROGRAM_H

#include "scanc/Result.h"
#include "scanc/Tensor.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace scanc {

/// An integer expression over the facts of a launch, kept as text:
///
///     ceildiv(B * D, 256)        size names, integers, + - * / % ceildiv min max
///     address(x) % 16 == 0       comparisons and `&&` give 1 or 0
///     stride(x, 2) == 1          stride of dimension 2 of parameter x, in elements
///     span(x) < 2147483648       largest |element offset| that an access of x can form
///     bytes(x)  workspace(carry) bytes of one element; address of a workspace buffer
///
/// Evaluated in 64 bits; an overflow or a division by zero is an error, never a wrapped number.
using Formula = std::string;

/// A tensor of the signature.
struct Parameter {
  enum class Role : std::uint8_t { input, output };
  std::string name;
  Role role = Role::input;
  Dtype dtype = Dtype::f32;
  std::vector<std::string> dims; ///< names, or numbers as text, in memory order
  SourceRange place;             ///< where the user declared it
  std::string cuts;              ///< of offsets: the size that they cut into segments; else empty
  std::string updates = {};      ///< of a result: the input whose tensor it may be given too; else empty
};

/// A variant compiled ahead of time, for one architecture.
struct MachineCode {
  std::string architecture; ///< "sm_90a"
  std::string madeOf; ///< digest of the source and the headers: what was made of others is not used
  std::string cubin;
};

/// A function of a variant's text, and how it is launched.
struct KernelLaunch {
  std::string entry; ///< name of the extern "C" __global__ function
  std::array<Formula, 3> grid{"1", "1", "1"};
  std::array<std::int64_t, 3> block{1, 1, 1};
  Formula sharedBytes = "0"; ///< dynamic shared memory
  std::array<std::int64_t, 3> cluster{1, 1, 1};
  /// It may begin before the launch before it has ended, and itself awaits that end: before it touches global
  /// memory, or as its last, where it needs nothing of that launch (programmatic dependent launch).
  bool dependent = false;
};

/// How matrices of elements of 16 bits lie in global memory, for a device that copies `box` of one at
/// a time to shared memory (CUtensorMap); elements that do not exist are zeros there.
struct MatrixMap {
  Formula first;                    ///< address
  std::array<Formula, 3> sizes;     ///< columns, rows, matrices: 1 to 2^32
  std::array<Formula, 2> strides;   ///< bytes, from row to row and from matrix to matrix: multiples of 16
                                    ///< below 2^40
  std::array<std::int64_t, 2> box{64, 64}; ///< 16, 32 or 64 columns, and up to 256 rows
};

/// One way to run a kernel step. A launch takes the first variant whose `requires_` all hold.
struct KernelVariant {
  std::string name;   ///< "lanes8_i32": what distinguishes it, for people
  std::string source; ///< CUDA C++; includes "scanc/…" headers from `Program::headers`
  std::vector<Formula> requires_; ///< conditions on the facts of a launch
  std::vector<KernelLaunch> launches; ///< in this order
  /// Every function takes one struct by value, made of 8-byte words: these, in order.
  std::vector<Formula> arguments;
  std::vector<MatrixMap> maps; ///< then these, of 128 bytes each, from a multiple of 64 bytes on
  std::vector<MachineCode> machineCode; ///< needs neither NVRTC nor a cache; may be empty
};

/// A kernel: variants in order of preference, the last with no requirement that can fail.
struct KernelStep {
  std::vector<KernelVariant> variants;
};

/// A call of a vendor's library.
struct LibraryCall {
  std::string library;  ///< "cublasLt"
  std::string function; ///< "matmul"
  std::vector<std::string> operands;
};

using Step = std::variant<KernelStep, LibraryCall>;

/// Something a caller can launch: "forward", "step", later "backward".
struct Entry {
  std::string name;
  std::vector<Step> steps; ///< run in this order on one stream
};

/// Memory that a launch needs beside the tensors.
struct WorkspaceBuffer {
  std::string name;
  Formula bytes;
  std::int64_t alignment = 256;
  bool zeroed = false; ///< zero when the first kernel begins, whoever owns the workspace
  bool restored = false; ///< and zero again when the last one has ended
};

/// What is promised of the results.
struct Promises {
  bool deterministic = true; ///< bitwise equal from run to run on one device
  std::string errorBound;    ///< in words and units of the roundoff, e.g. "3 T u sum|terms|"
};

struct Program {
  std::string name;     ///< of the kernel in the `.scan` file
  std::string strategy; ///< "sequential", "blelloch", …
  std::vector<Parameter> parameters; ///< the signature: inputs, then results
  std::map<std::string, std::int64_t> boundSizes; ///< sizes fixed at compile time, by name
  std::vector<Entry> entries;
  std::vector<WorkspaceBuffer> workspace;
  std::map<std::string, std::string> headers; ///< include name -> text, complete
  Promises promises;
  std::string planText;   ///< as `scanc --emit=plan` prints it
  std::string sourceText; ///< the user's text, for diagnostics at launch

  bool operator==(const Program &) const;
};

/// Compiles every variant for `architecture` into its `machineCode`, by NVRTC or from the cache. A
/// program that carries it runs where there is neither NVRTC nor a folder to write. Fails as
/// `compileCuda` does.
Result<void> addMachineCode(Program &program, const std::string &architecture);

/// `program` as the text of a bundle, and back. A text that is no bundle, is damaged (checksum), or
/// has another schema is an error that says which.
std::string toBundle(const Program &program);
Result<Program> fromBundle(std::string_view text);

} // namespace scanc

#endif // SCANC_PROGRAM_H
