//===- ScanDialect.cpp - Registration and attribute syntax ----------------===//
#include "dialects/Folding.h"
#include "dialects/Syntax.h"
#include "dialects/scan/ScanOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace scanc;
using namespace scanc::scan;

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
  addInterfaces<FoldWithinRegions>();
}
