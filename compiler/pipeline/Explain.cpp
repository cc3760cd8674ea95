//===- Explain.cpp - Every strategy's answer, and every policy's ----------===//
#include "compiler/analysis/Projections.h"
#include "compiler/pipeline/Functions.h"
#include "compiler/pipeline/Session.h"
#include "compiler/planning/SearchSpace.h"
#include "llvm/ADT/StringExtras.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace scanc::pipeline {

/// "h: diagonal, time-varying, real ring" for every state.
static std::string describe(scan::AffineOp op) {
  std::string text;
  for (auto advance : op.getBody().getOps<scan::AdvanceOp>()) {
    bool isComplex = isa<ComplexType>(getElementTypeOrSelf(advance.getResult(0).getType()));
    std::string names;
    for (StringAttr name : advance.getStates().getAsRange<StringAttr>())
      names += (names.empty() ? "" : ", ") + name.str();
    text += (text.empty() ? "" : "; ") + names + ": " +
            scan::stringifyStructure(advance.getStructure()).str() +
            (advance.getTimeVarying() ? ", time-varying" : ", time-invariant") + ", " +
            (isComplex ? "complex" : scan::stringifyRing(advance.getRing()).str()) + " ring";
  }
  return text;
}

/// The name of the tensor whose element an argument of the region is.
static std::string nameOf(scan::AffineOp op, BlockArgument element) {
  scan::RecurrenceInterface loop = op;
  auto function = op->getParentOfType<func::FuncOp>();
  auto tensor = dyn_cast<BlockArgument>(loop.getInputs()[element.getArgNumber()]);
  auto name = tensor ? function.getArgAttrOfType<StringAttr>(tensor.getArgNumber(), scan::nameAttr)
                     : StringAttr();
  return name ? name.str() : "";
}

static std::vector<ProjectedRow> projectionsOf(scan::AffineOp op) {
  std::vector<ProjectedRow> rows;
  for (const analysis::ProjectedRow &found : analysis::findProjections(op)) {
    ProjectedRow row;
    BlockArgument input = analysis::inputOf(found.row);
    row.row = input ? nameOf(op, input) : found.ofState ? "the state" : "a value of each step";
    row.over = scan::RecurrenceInterface(op).getDim(found.over).getName().str();
    for (const analysis::Projection &projection : found.projections)
      row.weights.push_back(nameOf(op, projection.weight));
    rows.push_back(std::move(row));
  }
  return rows;
}

static Candidate candidateOf(const planning::Cost &cost) {
  Candidate candidate;
  candidate.seconds = cost.seconds;
  candidate.bytes = static_cast<std::int64_t>(cost.bytes);
  candidate.flops = cost.flops;
  candidate.registersPerThread = cost.registersPerThread;
  candidate.sharedBytes = cost.sharedBytes;
  candidate.deterministic = cost.deterministic;
  candidate.errorBound = cost.errorBound;
  llvm::raw_string_ostream stream(candidate.policy);
  stream << cost.shape;
  if (cost.policy)
    stream << cost.policy;
  if (cost.copiesMatrices)
    stream << "; whole matrices by maps";
  if (cost.overlaps)
    stream << "; launches overlap";
  return candidate;
}

static Candidate candidateOf(const planning::Answer &answer) {
  Candidate candidate = answer.declined ? Candidate() : candidateOf(answer.cost);
  candidate.strategy = answer.strategy->name().str();
  candidate.declined = answer.declined.value_or("");
  return candidate;
}

/// The sizes that the code of a kernel depends on, where the program leaves them open.
static std::map<std::string, std::int64_t> sizesToBind(scan::AffineOp op,
                                                       const planning::Sizes &sizes) {
  scan::RecurrenceInterface loop = op;
  std::map<std::string, std::int64_t> open;
  for (int64_t i : planning::Mapping(op).registers)
    if (scan::DimAttr dim = loop.getDim(i); ShapedType::isDynamic(dim.getSize()))
      open.emplace(dim.getExtent().str(), sizes.at(dim.getExtent().str()));
  return open;
}

/// The recurrences of a session in affine form.
static Result<llvm::SmallVector<scan::AffineOp>> recurrencesOf(Session &session) {
  if (auto reached = session.reach(Stage::affine); !reached)
    return reached.error();
  llvm::SmallVector<scan::AffineOp> found;
  if (func::FuncOp function = session.function())
    function.walk([&](scan::AffineOp op) { found.push_back(op); });
  if (!found.empty())
    return found;
  Error error;
  error.code = "SC1025";
  error.kind = ErrorKind::usage;
  error.message = "expected a recurrence to explain, got a plan";
  error.help = "give the program, or the text of an earlier stage";
  return error;
}

Result<std::vector<Candidate>> searchSpace(std::string_view text, const CompileOptions &options) {
  auto opened = Session::open(text, options);
  if (!opened)
    return opened.error();
  Session &session = **opened;
  auto arch = session.architecture();
  if (!arch)
    return arch.error();
  if (*arch == "cpu") {
    auto kernel = compileForCpu(session);
    if (!kernel)
      return kernel.error();
    Candidate only;
    only.strategy = "sequential";
    only.chosen = true;
    return std::vector{only};
  }
  auto recurrences = recurrencesOf(session);
  if (!recurrences)
    return recurrences.error();
  scan::AffineOp op = recurrences->front();
  std::optional<planning::Target> target = planning::targetFor(*arch);
  planning::Decision decision;
  if (target && recurrences->size() == 1)
    decision = planning::decide(op, *target, options.strategy);
  if (!decision.taken) {
    if (auto reached = session.reach(Stage::plan); !reached)
      return reached.error();
    return session.takeError();
  }
  std::vector<Candidate> candidates;
  for (const planning::Point &point :
       planning::searchSpace(op, *target, decision, options.strategy)) {
    Candidate &candidate = candidates.emplace_back(candidateOf(point.cost));
    candidate.strategy = point.text;
    candidate.chosen = point.isOwn && point.of == &decision.answers[*decision.taken];
  }
  return candidates;
}

Result<Explanation> explain(std::string_view text, const CompileOptions &options) {
  auto opened = Session::open(text, options);
  if (!opened)
    return opened.error();
  Session &session = **opened;
  auto recurrences = recurrencesOf(session);
  if (!recurrences)
    return recurrences.error();
  auto arch = session.architecture();
  if (!arch)
    return arch.error();
  scan::AffineOp op = recurrences->front();
  planning::Sizes sizes = planning::assumeSizes(op);
  if (auto open = sizesToBind(op, sizes); !open.empty() && !options.from) {
    CompileOptions bound = options;
    bound.sizes.insert(open.begin(), open.end());
    Result<Explanation> explanation = pipeline::explain(text, bound);
    if (explanation)
      explanation->sizesToBind = std::move(open);
    return explanation;
  }
  Explanation explanation;
  explanation.kernel = session.function().getName().str();
  explanation.structure = describe(op);
  explanation.projections = projectionsOf(op);
  explanation.target = *arch == "cpu" ? "sm_90a" : *arch;
  for (const auto &[name, size] : sizes)
    if (!llvm::all_of(name, llvm::isDigit))
      explanation.assumedSizes[name] = size;
  planning::Decision decision =
      planning::decide(op, *planning::targetFor(explanation.target), options.strategy);
  if (decision.code == "SC3003" || decision.code == "SC3007") {
    op.emitError() << "[" << decision.code << "] " << decision.reason;
    return session.takeError();
  }
  for (const planning::Answer &answer : decision.answers)
    explanation.candidates.push_back(candidateOf(answer));
  if (decision.taken)
    explanation.candidates[*decision.taken].chosen = true;
  else
    explanation.refusal = decision.code + ": " + decision.reason;
  return explanation;
}

} // namespace scanc::pipeline
