//===- LinearForm.cpp - Sums, products and contractions of states ---------===//
#include "compiler/analysis/LinearForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace scanc::analysis {

static bool contains(const Names &names, const std::string &name) {
  return llvm::is_contained(names, name);
}

static bool meet(const Names &a, const Names &b) {
  return llvm::any_of(a, [&](const std::string &name) { return contains(b, name); });
}

static std::string renamed(const std::string &name, const Names &from, const Names &to) {
  auto found = llvm::find(from, name);
  return found == from.end() ? name : to[found - from.begin()];
}

LinearAnalysis::LinearAnalysis(scan::StepOp op, const scan::IndexSets &sets, scan::Ring ring,
                               ArrayRef<unsigned> block, std::vector<scan::DimAttr> dims)
    : failureLoc(op.getLoc()), dims(std::move(dims)), op(op), sets(sets), ring(ring) {
  for (auto [i, attr] : llvm::enumerate(op.getPrevs()))
    for (unsigned k : block)
      if (scan::RecurrenceInterface(op).getState(k).getName() ==
          cast<scan::PrevAttr>(attr).getState()) {
        Value arg = scan::getPrevArgument(op, i);
        unknowns[arg] = i;
        dependent.insert(arg);
      }
  for (Operation &inner : op.getBody().front())
    if (llvm::any_of(inner.getOperands(), [&](Value v) { return dependent.contains(v); }))
      for (Value result : inner.getResults())
        dependent.insert(result);
}

std::nullopt_t LinearAnalysis::fail(Operation *at, std::string why, std::string cureText) {
  if (failure.empty()) {
    failureLoc = at->getLoc();
    failure = std::move(why);
    cure = std::move(cureText);
  }
  return std::nullopt;
}

Names LinearAnalysis::indicesOf(const NodePtr &node) const {
  Names names;
  auto add = [&](const std::string &name) {
    if (!contains(names, name))
      names.push_back(name);
  };
  if (node->value)
    for (int64_t i : sets.of(node->value))
      add(scan::RecurrenceInterface(op).getDim(i).getName().str());
  for (const NodePtr &operand : node->operands)
    for (const std::string &name : indicesOf(operand)) {
      if (node->kind == Node::Kind::reduce && contains(node->from, name))
        continue;
      add(node->kind == Node::Kind::reindex ? analysis::renamed(name, node->from, node->to) : name);
    }
  return names;
}

NodePtr LinearAnalysis::renamed(const NodePtr &node, const Names &from, const Names &to) const {
  // One renaming in place of two.
  bool twice = node->kind == Node::Kind::reindex;
  const NodePtr &source = twice ? node->operands[0] : node;
  Names before, after;
  for (const std::string &name : indicesOf(source)) {
    std::string between = twice ? analysis::renamed(name, node->from, node->to) : name;
    std::string last = analysis::renamed(between, from, to);
    if (last != name) {
      before.push_back(name);
      after.push_back(last);
    }
  }
  return before.empty() ? source : makeReindex(source, before, after);
}

bool LinearAnalysis::variesWithTime(const NodePtr &node) const {
  return (node->value && sets.variesWithTime(node->value)) ||
         llvm::any_of(node->operands, [&](const NodePtr &operand) { return variesWithTime(operand); });
}

std::optional<LinearForm> LinearAnalysis::analyze(Value value) {
  LinearForm form;
  if (!dependent.contains(value)) {
    form.constants.push_back(makeValue(value));
    return form;
  }
  if (auto found = unknowns.find(value); found != unknowns.end()) {
    scan::PrevAttr prev = op.getPrev(found->second);
    Term term;
    for (int64_t i = 0; i < static_cast<int64_t>(op.getStates().size()); ++i)
      if (scan::RecurrenceInterface(op).getState(i).getName() == prev.getState())
        term.state = i;
    for (StringAttr name : prev.getIndices())
      term.indices.push_back(name.str());
    form.terms.push_back(std::move(term));
    return form;
  }
  return analyzeOp(value.getDefiningOp());
}

void LinearAnalysis::append(LinearForm &to, LinearForm from) {
  llvm::append_range(to.constants, from.constants);
  llvm::append_range(to.terms, from.terms);
}

void LinearAnalysis::scale(LinearForm &form, const NodePtr &factor) {
  for (NodePtr &constant : form.constants)
    constant = makeProduct({factor, constant});
  for (Term &term : form.terms)
    term.outer.insert(term.outer.begin(), factor);
}

std::optional<LinearForm> LinearAnalysis::analyzeOp(Operation *at) {
  // Widening a state's element changes no value. Narrowing is met at the root only, by the caller.
  if (isa<arith::ExtFOp>(at))
    return analyze(at->getOperand(0));
  if (auto reindex = dyn_cast<scan::ReindexOp>(at))
    return analyzeReindex(reindex);
  if (auto reduce = dyn_cast<scan::ReduceOp>(at))
    return analyzeReduce(reduce);
  if (isa<arith::SelectOp>(at))
    return analyzeSelect(at);
  if (ring != scan::Ring::Real)
    return analyzeTropical(at);
  if (isa<arith::AddFOp, complex::AddOp>(at))
    return analyzeSum(at, false);
  if (isa<arith::SubFOp, complex::SubOp>(at))
    return analyzeSum(at, true);
  if (isa<arith::MulFOp, complex::MulOp>(at))
    return analyzeProduct(at);
  if (isa<arith::DivFOp, complex::DivOp>(at))
    return analyzeQuotient(at);
  if (isa<arith::NegFOp, complex::NegOp>(at)) {
    auto form = analyze(at->getOperand(0));
    if (form)
      scale(*form, makeConstant(-1));
    return form;
  }
  if (isa<arith::TruncFOp>(at))
    return fail(at, "a rounding to a narrower type lies between the state and its next value",
                "declare the state in that type instead");
  StringRef name = at->getName().stripDialect();
  if (auto activation = dyn_cast<scan::ActivationOp>(at))
    name = scan::stringifyActivation(activation.getKind());
  return fail(at, ("'" + name + "' is applied to a value that depends on the state").str(),
              "apply it to inputs, or to the state at this step in a result");
}

std::optional<LinearForm> LinearAnalysis::analyzeSum(Operation *at, bool subtract) {
  auto left = analyze(at->getOperand(0)), right = analyze(at->getOperand(1));
  if (!left || !right)
    return std::nullopt;
  if (subtract) {
    for (NodePtr &constant : right->constants)
      constant = makeNegate(constant);
    for (Term &term : right->terms)
      term.outer.insert(term.outer.begin(), makeConstant(-1));
  }
  append(*left, std::move(*right));
  return left;
}

std::optional<LinearForm> LinearAnalysis::analyzeProduct(Operation *at) {
  bool left = depends(at->getOperand(0)), right = depends(at->getOperand(1));
  if (left && right)
    return fail(at, "two factors of a product depend on the state",
                "a product with one factor that depends on the state is affine");
  auto form = analyze(at->getOperand(left ? 0 : 1));
  if (form)
    scale(*form, makeValue(at->getOperand(left ? 1 : 0)));
  return form;
}

std::optional<LinearForm> LinearAnalysis::analyzeQuotient(Operation *at) {
  if (depends(at->getOperand(1)))
    return fail(at, "a divisor depends on the state",
                "divide by values that do not depend on the state");
  auto form = analyze(at->getOperand(0));
  if (!form)
    return form;
  NodePtr under = makeValue(at->getOperand(1));
  for (NodePtr &constant : form->constants)
    constant = makeQuotient(constant, under);
  for (Term &term : form->terms)
    term.outer.push_back(makeQuotient(makeConstant(1), under));
  return form;
}

/// Both branches, each where its condition holds. Coefficients are selected, never multiplied by 0:
/// the branch not taken may be infinite.
std::optional<LinearForm> LinearAnalysis::analyzeSelect(Operation *at) {
  Value condition = at->getOperand(0);
  if (depends(condition))
    return fail(at, "a condition depends on the state", "compare inputs instead");
  auto yes = analyze(at->getOperand(1)), no = analyze(at->getOperand(2));
  if (!yes || !no)
    return std::nullopt;
  LinearForm form;
  NodePtr zero = makeConstant(0);
  auto total = [&](const std::vector<NodePtr> &constants) { return makeSum(constants); };
  if (!yes->constants.empty() || !no->constants.empty())
    form.constants.push_back(makeSelect(condition, total(yes->constants), total(no->constants)));
  auto add = [&](const Term &term, bool whenTrue) {
    Term selected = term;
    NodePtr own = makeProduct(term.outer);
    selected.outer = {whenTrue ? makeSelect(condition, own, zero) : makeSelect(condition, zero, own)};
    form.terms.push_back(std::move(selected));
  };
  std::vector<bool> paired(no->terms.size());
  for (const Term &term : yes->terms) {
    bool found = false;
    for (auto [i, other] : llvm::enumerate(no->terms)) {
      if (found || paired[i] || !term.reduced.empty() || !other.reduced.empty() ||
          term.state != other.state || term.indices != other.indices)
        continue;
      Term both = term;
      both.outer = {makeSelect(condition, makeProduct(term.outer), makeProduct(other.outer))};
      form.terms.push_back(std::move(both));
      paired[i] = found = true;
    }
    if (!found)
      add(term, true);
  }
  for (auto [i, other] : llvm::enumerate(no->terms))
    if (!paired[i])
      add(other, false);
  return form;
}

/// Which reduction adds in a semiring.
static scan::Reduction sumOf(scan::Ring ring) {
  switch (ring) {
  case scan::Ring::Real:
    return scan::Reduction::Add;
  case scan::Ring::MaxPlus:
    return scan::Reduction::Max;
  case scan::Ring::MinPlus:
    return scan::Reduction::Min;
  case scan::Ring::Log:
    return scan::Reduction::LogSumExp;
  }
  return scan::Reduction::Add;
}

/// A name that no dimension has, of a new one with the extent of `like`.
std::string LinearAnalysis::freshIndex(const std::string &like) {
  auto find = [&](const std::string &name) {
    return llvm::find_if(dims, [&](scan::DimAttr dim) { return dim.getName().str() == name; });
  };
  unsigned count = 1;
  std::string name;
  do
    name = like + "_" + std::to_string(count++);
  while (find(name) != dims.end());
  scan::DimAttr old = *find(like);
  MLIRContext *context = old.getContext();
  dims.push_back(scan::DimAttr::get(context, old.getKind(), StringAttr::get(context, name),
                                    old.getExtent(), old.getSize()));
  return name;
}

/// Makes room for an index of the same name outside of the sum: those in `taken` are summed over
/// under fresh names.
void LinearAnalysis::renameReduced(Term &term, const Names &taken) {
  Names from, to;
  for (const std::string &name : term.reduced)
    if (contains(taken, name)) {
      from.push_back(name);
      to.push_back(freshIndex(name));
    }
  for (NodePtr &factor : term.inner)
    factor = renamed(factor, from, to);
  for (Names *names : {&term.indices, &term.reduced})
    for (std::string &name : *names)
      name = analysis::renamed(name, from, to);
}

bool LinearAnalysis::reduceTerm(scan::ReduceOp at, Term &term) {
  Names over;
  for (StringAttr name : at.getOver().getAsRange<StringAttr>())
    over.push_back(name.str());
  renameReduced(term, over);
  std::vector<NodePtr> kept, summed;
  for (const NodePtr &factor : term.outer)
    (meet(indicesOf(factor), over) ? summed : kept).push_back(factor);
  bool contracts = llvm::all_of(
      over, [&](const std::string &name) { return contains(term.indices, name); });
  if (contracts && term.reduced.empty()) {
    term.outer = std::move(kept);
    term.inner = std::move(summed);
    term.reduced = over;
    // A coefficient of the sum may vary over the state's own indices.
    Names own;
    for (StringAttr name : scan::RecurrenceInterface(op).getState(term.state).getIndices())
      own.push_back(name.str());
    renameReduced(term, own);
    return true;
  }
  // The state's part does not vary over these indices: the sum is of coefficients alone.
  bool apart = llvm::none_of(
      term.inner, [&](const NodePtr &factor) { return meet(indicesOf(factor), over); });
  if (!apart || meet(term.indices, over))
    return false;
  kept.push_back(makeReduce(sumOf(ring), over, makeProduct(summed)));
  term.outer = std::move(kept);
  return true;
}

std::optional<LinearForm> LinearAnalysis::analyzeReduce(scan::ReduceOp at) {
  if (at.getKind() != sumOf(ring))
    return fail(at, ("'" + scan::stringifyReduction(at.getKind()) +
                     "' is taken over values that depend on the state")
                        .str(),
                "sums of states are affine; others only with their own semiring throughout");
  auto form = analyze(at.getValue());
  if (!form)
    return form;
  Names over;
  for (StringAttr name : at.getOver().getAsRange<StringAttr>())
    over.push_back(name.str());
  for (NodePtr &constant : form->constants)
    constant = makeReduce(sumOf(ring), over, constant);
  for (Term &term : form->terms)
    if (!reduceTerm(at, term))
      return fail(at, "a contraction of the state lies within another that it depends on",
                  "contract the state once, with one coefficient");
  return form;
}

std::optional<LinearForm> LinearAnalysis::analyzeReindex(scan::ReindexOp at) {
  auto form = analyze(at.getValue());
  if (!form)
    return form;
  Names from, to;
  for (StringAttr name : at.getFrom().getAsRange<StringAttr>())
    from.push_back(name.str());
  for (StringAttr name : at.getTo().getAsRange<StringAttr>())
    to.push_back(name.str());
  for (NodePtr &constant : form->constants)
    constant = renamed(constant, from, to);
  for (Term &term : form->terms) {
    renameReduced(term, from);
    renameReduced(term, to);
    for (auto *factors : {&term.outer, &term.inner})
      for (NodePtr &factor : *factors)
        factor = renamed(factor, from, to);
    for (std::string &name : term.indices)
      name = analysis::renamed(name, from, to);
  }
  return form;
}

/// max, min or logaddexp add; + multiplies.
std::optional<LinearForm> LinearAnalysis::analyzeTropical(Operation *at) {
  bool adds = (ring == scan::Ring::MaxPlus && isa<arith::MaximumFOp>(at)) ||
              (ring == scan::Ring::MinPlus && isa<arith::MinimumFOp>(at)) ||
              (ring == scan::Ring::Log && isa<scan::LogAddExpOp>(at));
  if (adds)
    return analyzeSum(at, false);
  bool minus = isa<arith::SubFOp>(at);
  if (!minus && !isa<arith::AddFOp>(at))
    return fail(at, "an operation that the semiring has not is applied to the state",
                "in a max, min or log recurrence the state may be shifted by + and -");
  bool left = depends(at->getOperand(0)), right = depends(at->getOperand(1));
  if ((left && right) || (minus && right))
    return fail(at, "the state is added to, or subtracted from, itself or another value's negative",
                "shift one state by values that do not depend on it");
  auto form = analyze(at->getOperand(left ? 0 : 1));
  if (!form)
    return form;
  NodePtr shift = makeValue(at->getOperand(left ? 1 : 0));
  scale(*form, minus ? makeNegate(shift) : shift);
  return form;
}

} // namespace scanc::analysis
