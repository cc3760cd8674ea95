//===- KernelWriter.h - One variant of a kernel, part by part -*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_KERNELWRITER_H
#define SCANC_COMPILER_EMISSION_KERNELWRITER_H

#include "compiler/emission/Accesses.h"
#include "dialects/plan/Rounds.h"
#include "dialects/plan/Shares.h"

#include <memory>
#include <optional>
#include <set>

namespace scanc::emission {

struct EntryPoint;

/// The text of one variant. Its parts are written in the order in which they are read.
class KernelWriter {
public:
  KernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant);
  virtual ~KernelWriter() = default;
  mlir::FailureOr<std::string> write();

protected:
  /// What the kernel's template asks of a recurrence.
  virtual void writeRecurrence();
  /// Whether a lane holds what it reads there, from its beginning on.
  virtual bool isHeld(const AccessText &read) const { return !read.variesWithTime(); }
  /// Places that a step of time has in what the template walks.
  virtual int64_t partsOfStep() const { return 1; }
  /// How the template's policy says the threads of a block.
  virtual llvm::StringRef threads() const { return "threads()"; }

  // KernelText.cpp: what stands around the recurrence.
  void writeHead();
  void writeArguments();
  void writeEntries();
  /// What all entries have in common is for this to say.
  void writeEntry(EntryPoint entry, int64_t sharedBytes);

  // KernelData.cpp: what a lane holds, where it lies in memory, and how it gets there and back.
  void writeTypes();
  void writeOffset();
  void writeLane();
  void writeGeometry(llvm::StringRef lanes = "lane_groups");
  void writeEnter();
  void writeMoves();

  // KernelSteps.cpp: what becomes of the states.
  void writeInitial();
  void writePrologue();
  void writeEpilogue();
  void writeFinish();
  void writeStart(int64_t state, llvm::function_ref<std::string(const Indices &)> value);
  void writeGivenStart(int64_t state);
  /// Whether a final state may be written over initial state `k`.
  bool updatesInit(size_t k) const;
  std::string readOfInit(size_t k, const std::string &place) const;
  void writeLoops(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(const Indices &)> body);
  int64_t stateSize(int64_t i) const;
  /// Sizes of what this thread has of a value, and of a state.
  llvm::SmallVector<int64_t> shapeHere(mlir::Value value) const {
    return sharesOf(value, policy.getStateThreads());
  }
  llvm::SmallVector<int64_t> stateShape(int64_t i) const { return shapeHere(advances[i].getNow()); }
  std::string zeroOf(int64_t state) const;
  void writeOutputs(Expressions &expressions, bool perPoint);
  std::string leaf(mlir::Value value, const Indices &indices) const;
  Expressions makeExpressions();

  // KernelParts.cpp: what threads that share a lane pass on.
  /// Names a value that passes between threads.
  void pass(mlir::Value value);
  void shareValues();
  void writePartTypes();
  void writeGather();
  void writePrepare();
  void writeReadOut();
  /// The condition under which point `i` of `value` is one of this thread's; empty: always.
  std::string pointGuard(mlir::Value value) const;

  // KernelReductions.cpp: what threads that share the last lane dimension merge.
  void nameReductions();
  void writeRoundTypes();
  void writeRounds();
  /// The results of the rounds before `end`, whose accumulators are in `readouts`.
  void defineRounds(Expressions &expressions, llvm::StringRef readouts, size_t end) const;

  AccessText makeAccess(plan::AccessAttr access, int64_t width, bool common = false);
  /// Reads whose rows are also those of others bring them once.
  void shareWindows();
  bool hasCommon() const { return !common.empty(); }
  mlir::Type elementOf(mlir::StringAttr parameter) const;

  mutable plan::KernelInterface kernel; // MLIR's accessors are not const
  mutable plan::ProgramOp program;
  plan::VariantAttr variant;
  plan::PolicyAttr policy;
  CodeWriter writer;
  std::set<std::string> members;
  std::vector<AccessText> reads, writes, inits, finals;
  mutable llvm::SmallVector<plan::AdvanceOp> advances;
  std::string name;
  mlir::Operation *unspelled = nullptr;
  std::optional<plan::Shares> shares;              ///< where the register dimension is spread
  llvm::SmallVector<mlir::Value> common;           ///< kept for all lanes of a warp: plan::commonValues
  llvm::SmallVector<plan::Round> rounds;           ///< where lanes are reduced
  llvm::DenseMap<mlir::Value, std::string> passed; ///< members of `handed`, `common` and `readouts`
};

/// The same where a step multiplies the state by a matrix.
std::unique_ptr<KernelWriter> createMatrixKernelWriter(plan::KernelInterface kernel,
                                                       plan::VariantAttr variant);

/// The same where a matrix of state takes in outer products.
std::unique_ptr<KernelWriter> createChunkKernelWriter(plan::KernelInterface kernel,
                                                      plan::VariantAttr variant);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_KERNELWRITER_H
