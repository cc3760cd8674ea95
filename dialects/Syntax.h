//===- Syntax.h - Syntax that the attributes of both dialects share -*- C++ -*-===//
//
// Custom directives of the assembly formats: found by lookup in namespace scanc.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_DIALECTS_SYNTAX_H
#define SCANC_DIALECTS_SYNTAX_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpImplementation.h"

namespace scanc {

/// A name of the user's program: a bare keyword where it can be one.
inline mlir::ParseResult parseName(mlir::AsmParser &parser, mlir::StringAttr &name) {
  std::string text;
  if (parser.parseKeywordOrString(&text))
    return mlir::failure();
  name = mlir::StringAttr::get(parser.getContext(), text);
  return mlir::success();
}

inline void printName(mlir::AsmPrinter &printer, mlir::StringAttr name) {
  printer.printKeywordOrString(name.getValue());
}

/// `[a, b]`, possibly empty.
inline mlir::ParseResult parseNames(mlir::AsmParser &parser,
                                    llvm::SmallVector<mlir::StringAttr> &names) {
  return parser.parseCommaSeparatedList(mlir::AsmParser::Delimiter::Square, [&] {
    return parseName(parser, names.emplace_back());
  });
}

inline void printNames(mlir::AsmPrinter &printer, llvm::ArrayRef<mlir::StringAttr> names) {
  printer << '[';
  llvm::interleaveComma(names, printer.getStream(),
                        [&](mlir::StringAttr name) { printName(printer, name); });
  printer << ']';
}

/// A number, or `?` for a size known at launch only.
inline mlir::ParseResult parseSize(mlir::AsmParser &parser, int64_t &size) {
  if (succeeded(parser.parseOptionalQuestion())) {
    size = mlir::ShapedType::kDynamic;
    return mlir::success();
  }
  return parser.parseInteger(size);
}

inline void printSize(mlir::AsmPrinter &printer, int64_t size) {
  if (mlir::ShapedType::isDynamic(size))
    printer << '?';
  else
    printer << size;
}

/// `in` or `out`.
inline mlir::ParseResult parseDirection(mlir::AsmParser &parser, bool &output) {
  output = succeeded(parser.parseOptionalKeyword("out"));
  return output ? mlir::success() : parser.parseKeyword("in");
}

inline void printDirection(mlir::AsmPrinter &printer, bool output) {
  printer << (output ? "out" : "in");
}

} // namespace scanc

#endif // SCANC_DIALECTS_SYNTAX_H
