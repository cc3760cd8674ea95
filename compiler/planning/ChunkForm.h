//===- ChunkForm.h - Outer products summed up and read out ------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_CHUNKFORM_H
#define SCANC_COMPILER_PLANNING_CHUNKFORM_H

#include "compiler/planning/Mapping.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <optional>
#include <vector>

namespace scanc::planning {

/// What is multiplied, and what divides.
struct Product {
  llvm::SmallVector<mlir::Value, 2> factors, divisors;
  bool negative = false;
};

/// S[i, j] + inputScale * key[i] * value[j], where with a strength S, less strength * key (key . S), stands in place of S, or
/// strength * key (reader . S).
struct CorrectedStep {
  Product key, value, inputScale;
  std::optional<Product> reader;   ///< over the index that corrections sum over
  std::optional<Product> strength; ///< of a correction
  bool adds = true, corrects = true; ///< whether there is a value; where there is a strength, whether it is not 0
};

/// What becomes of decay * S in a step, and in those of `earlier` before it. A decay may be one for each row; a reader reads S
/// before it decays so. Of S results read queryScale * (sum over i of query[i] * S[i, j]) * sumScale[j]. A product without
/// factors is 1.
struct ChunkForm : CorrectedStep {
  scan::AdvanceOp advance;
  scan::ReduceOp readout;
  llvm::SmallPtrSet<mlir::Operation *, 4> terms; ///< between the state and the sum
  int64_t row, column;                           ///< dims of the recurrence
  mlir::Value decay;                             ///< null: 1
  bool decaysRows = false;                       ///< each row by a number of its own, of any sign
  bool readsBefore = false;                      ///< results read S of the step before
  std::optional<Product> bonus;                  ///< and of what the step adds as much of each row
  mlir::BlockArgument decayInput;                ///< the row of a tensor that those are made of; null: of more than one
  Product query, queryScale, sumScale;
  std::vector<CorrectedStep> earlier; ///< in order
  int64_t summed = -1;                ///< dim that corrections sum over
  bool readsApart() const {
    return reader || llvm::any_of(earlier, [](const CorrectedStep &step) { return step.reader.has_value(); });
  }
  /// Whether a first place corrects the state by what it reads, and a second one adds to it and is read out.
  bool readsInPlaces() const { return readsApart() && earlier.size() == 1 && !corrects; }
  int64_t reductions = 0; ///< sums over columns that results are made of
  mlir::Type element; ///< that rows of these are rounded to; f32: they are not
};

/// A recurrence that has the form, with rows and columns in registers.
struct OuterProducts {
  OuterProducts(scan::AffineOp op, ChunkForm found)
      : form(std::move(found)), mapping(op, {form.row, form.column}),
        rows(scan::RecurrenceInterface(op).getDim(form.row).getSize()),
        columns(scan::RecurrenceInterface(op).getDim(form.column).getSize()) {}

  ChunkForm form;
  Mapping mapping;
  int64_t rows, columns;
};

/// Columns whose number is not known.
std::optional<std::string> declinesColumns(scan::AffineOp op, const ChunkForm &form);

/// What may be made of the readout: a number for each of its own, of sums over a row's columns too, or what another kernel computes.
enum class ChunkEpilogue { Elementwise, Reduced, Any };

/// The form, or in `reason` why there is none. Where factors stay in f32, a decay may be any number.
std::optional<ChunkForm> matchChunkForm(scan::AffineOp op, std::string &reason, bool inF32 = false,
                                        ChunkEpilogue epilogue = ChunkEpilogue::Elementwise);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_CHUNKFORM_H
