//===- ScanDialect.cpp - Registration and attribute syntax ----------------===//
#include "dialects/scan/ScanOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace scanc::scan;

/// A name of the user's program: a bare keyword.
static ParseResult parseName(AsmParser &parser, StringAttr &name) {
  std::string text;
  if (parser.parseKeywordOrString(&text))
    return failure();
  name = StringAttr::get(parser.getContext(), text);
  return success();
}

static void printName(AsmPrinter &printer, StringAttr name) {
  printer.printKeywordOrString(name.getValue());
}

/// `[a, b]`, possibly empty.
static ParseResult parseNames(AsmParser &parser, SmallVector<StringAttr> &names) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parseName(parser, names.emplace_back());
  });
}

static void printNames(AsmPrinter &printer, ArrayRef<StringAttr> names) {
  printer << '[';
  llvm::interleaveComma(names, printer.getStream(), [&](StringAttr name) {
    printName(printer, name);
  });
  printer << ']';
}

/// A number, or `?` for a size known at launch only.
static ParseResult parseSize(AsmParser &parser, int64_t &size) {
  if (succeeded(parser.parseOptionalQuestion())) {
    size = ShapedType::kDynamic;
    return success();
  }
  return parser.parseInteger(size);
}

static void printSize(AsmPrinter &printer, int64_t size) {
  if (ShapedType::isDynamic(size))
    printer << '?';
  else
    printer << size;
}

#include "dialects/scan/ScanDialect.cpp.inc"
#include "dialects/scan/ScanEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/scan/ScanAttrs.cpp.inc"

void ScanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/scan/ScanAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/scan/ScanOps.cpp.inc"
      >();
}
