//===- PlanDialect.cpp - Registration -------------------------------------===//
#include "dialects/Folding.h"
#include "dialects/Syntax.h"
#include "dialects/plan/ProjectedScanOp.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace scanc;
using namespace scanc::plan;

#include "dialects/plan/PlanDialect.cpp.inc"
#include "dialects/plan/PlanEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/plan/PlanAttrs.cpp.inc"

namespace {
/// Lets a vector over register dimensions have complex numbers.
struct ComplexElements
    : VectorElementTypeInterface::ExternalModel<ComplexElements, ComplexType> {};
} // namespace

void PlanDialect::initialize() {
  ComplexType::attachInterface<ComplexElements>(*getContext());
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/plan/PlanAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/PlanOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/ProjectedScanOp.cpp.inc"
      >();
  addInterfaces<FoldWithinRegions>();
}
