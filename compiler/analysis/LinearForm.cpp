//===- LinearForm.cpp - Sums, products and contractions of states ---------===//
#include "compiler/analysis/LinearForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace scanc::analysis {

static bool contains(const Names &names, const std::string &name) {
  return llvm::is_contained(names, name);
}

static bool meet(const Names &a, const Names &b) {
  return llvm::any_of(a, [&](const std::string &name) { return contains(b, name); });
}

LinearAnalysis::LinearAnalysis(scan::StepOp op, const scan::IndexSets &sets, scan::Ring ring,
                               ArrayRef<unsigned> block, std::vector<scan::DimAttr> dims)
    : failureLoc(op.getLoc()), dims(std::move(dims)), nodes(op, sets), op(op), ring(ring) {
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

/// In program order, so that no chain of values is too long for the stack.
std::optional<LinearForm> LinearAnalysis::analyze(Value root) {
  llvm::DenseSet<Value> needed;
  SmallVector<Value> work = {root};
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (dependent.contains(value) && value.getDefiningOp() && !forms.contains(value) &&
        needed.insert(value).second)
      llvm::append_range(work, value.getDefiningOp()->getOperands());
  }
  for (Operation &inner : op.getBody().front().without_terminator()) {
    Value value = inner.getResult(0);
    if (!needed.contains(value))
      continue;
    std::optional<LinearForm> form = analyzeOp(&inner);
    if (!form)
      return std::nullopt;
    if (!value.hasOneUse())
      collect(*form);
    forms[value] = std::move(*form);
  }
  return formOf(root);
}

LinearForm LinearAnalysis::formOf(Value value) {
  LinearForm form;
  if (!dependent.contains(value)) {
    form.constants.push_back(nodes.value(value));
    return form;
  }
  if (auto known = forms.find(value); known != forms.end()) {
    if (!value.hasOneUse())
      return known->second;
    form = std::move(known->second);
    forms.erase(known);
    return form;
  }
  scan::PrevAttr prev = op.getPrev(unknowns.at(value));
  Term term;
  for (int64_t i = 0; i < static_cast<int64_t>(op.getStates().size()); ++i)
    if (scan::RecurrenceInterface(op).getState(i).getName() == prev.getState())
      term.state = i;
  for (StringAttr name : prev.getIndices())
    term.indices.push_back(name.str());
  form.terms.push_back(std::move(term));
  return form;
}

/// Adds `term` to `to` where both read the state alike. What multiplies both stays outside of the
/// sum: it may be a factor of the whole transition.
bool LinearAnalysis::add(Term &to, const Term &term) {
  if (to.state != term.state || to.reduced.size() != term.reduced.size())
    return false;
  Names read; // over which what is read by varies
  std::vector<NodePtr> inner;
  for (NodePtr factor : term.inner) { // one by one: a renamed product is another node
    llvm::append_range(read, factor->indices);
    inner.push_back(nodes.renamed(factor, term.reduced, to.reduced));
  }
  auto alike = [&](const std::string &name) {
    return analysis::renamed(name, term.reduced, to.reduced);
  };
  if (!llvm::equal(to.indices, llvm::map_range(term.indices, alike)) ||
      (to.reduced != term.reduced && meet(read, to.reduced)) || inner != to.inner)
    return false;
  llvm::DenseMap<NodePtr, unsigned> here, both;
  for (NodePtr factor : to.outer)
    ++here[factor];
  std::vector<NodePtr> common, left, right;
  for (NodePtr factor : term.outer)
    (both[factor] < here.lookup(factor) ? (++both[factor], common) : right).push_back(factor);
  for (NodePtr factor : to.outer)
    if (unsigned &count = both[factor])
      --count;
    else
      left.push_back(factor);
  common.push_back(nodes.sum({nodes.product(left), nodes.product(right)}));
  to.outer = std::move(common);
  return true;
}

/// At most one constant.
std::vector<NodePtr> &LinearAnalysis::joinConstants(LinearForm &form) {
  if (form.constants.size() > 1)
    form.constants = {nodes.sum(form.constants)};
  return form.constants;
}

/// One constant, and one term for each way of reading the state. A form that is used n times would
/// otherwise give n times its terms, and a chain of n such values 2^n.
void LinearAnalysis::collect(LinearForm &form) {
  joinConstants(form);
  std::vector<Term> terms;
  for (const Term &term : form.terms)
    if (llvm::none_of(terms, [&](Term &known) { return add(known, term); }))
      terms.push_back(term);
  form.terms = std::move(terms);
}

void LinearAnalysis::append(LinearForm &to, LinearForm from) {
  llvm::append_range(to.constants, from.constants);
  llvm::append_range(to.terms, from.terms);
}

void LinearAnalysis::scale(LinearForm &form, NodePtr factor) {
  for (NodePtr &constant : joinConstants(form))
    constant = nodes.product({factor, constant});
  for (Term &term : form.terms)
    term.outer.insert(term.outer.begin(), factor);
}

std::optional<LinearForm> LinearAnalysis::analyzeOp(Operation *at) {
  // Widening a state's element changes no value. Narrowing is met at the root only, by the caller.
  if (isa<arith::ExtFOp>(at))
    return formOf(at->getOperand(0));
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
    LinearForm form = formOf(at->getOperand(0));
    scale(form, nodes.constant(-1));
    return form;
  }
  if (isa<arith::TruncFOp>(at))
    return fail(at, "a rounding to a narrower type lies between the state and its next value",
                "declare the state in that type instead");
  return fail(at, wordOf(at) + " is applied to a value that depends on the state",
              "apply it to inputs, or to the state at this step in a result");
}

/// What the language calls `at`, as far as one op tells: clamp is two.
std::string LinearAnalysis::wordOf(Operation *at) {
  if (auto activation = dyn_cast<scan::ActivationOp>(at))
    return "'" + scan::stringifyActivation(activation.getKind()).str() + "'";
  if (isa<arith::MaximumFOp>(at))
    return "a maximum";
  if (isa<arith::MinimumFOp>(at))
    return "a minimum";
  if (isa<arith::CmpFOp>(at))
    return "a comparison";
  StringRef name = at->getName().stripDialect();
  if (isa<math::AbsFOp, math::PowFOp>(at))
    name = name.drop_back(); // absf
  return "'" + name.str() + "'";
}

std::optional<LinearForm> LinearAnalysis::analyzeSum(Operation *at, bool subtract) {
  LinearForm left = formOf(at->getOperand(0)), right = formOf(at->getOperand(1));
  if (subtract) {
    for (NodePtr &constant : joinConstants(right))
      constant = nodes.negate(constant);
    for (Term &term : right.terms)
      term.outer.insert(term.outer.begin(), nodes.constant(-1));
  }
  append(left, std::move(right));
  return left;
}

std::optional<LinearForm> LinearAnalysis::analyzeProduct(Operation *at) {
  bool left = depends(at->getOperand(0)), right = depends(at->getOperand(1));
  if (left && right)
    return fail(at, "two factors of a product depend on the state",
                "a product with one factor that depends on the state is affine");
  LinearForm form = formOf(at->getOperand(left ? 0 : 1));
  scale(form, nodes.value(at->getOperand(left ? 1 : 0)));
  return form;
}

std::optional<LinearForm> LinearAnalysis::analyzeQuotient(Operation *at) {
  if (depends(at->getOperand(1)))
    return fail(at, "a divisor depends on the state",
                "divide by values that do not depend on the state");
  LinearForm form = formOf(at->getOperand(0));
  NodePtr under = nodes.value(at->getOperand(1));
  for (NodePtr &constant : joinConstants(form))
    constant = nodes.quotient(constant, under);
  for (Term &term : form.terms)
    term.outer.push_back(nodes.quotient(nodes.constant(1), under));
  return form;
}

/// Both branches, each where its condition holds. Coefficients are selected, never multiplied by 0:
/// the branch not taken may be infinite.
std::optional<LinearForm> LinearAnalysis::analyzeSelect(Operation *at) {
  Value condition = at->getOperand(0);
  if (depends(condition))
    return fail(at, "a condition depends on the state", "compare inputs instead");
  LinearForm yes = formOf(at->getOperand(1)), no = formOf(at->getOperand(2));
  LinearForm form;
  NodePtr zero = nodes.constant(0);
  auto total = [&](const std::vector<NodePtr> &constants) { return nodes.sum(constants); };
  if (!yes.constants.empty() || !no.constants.empty())
    form.constants.push_back(nodes.select(condition, total(yes.constants), total(no.constants)));
  auto add = [&](const Term &term, bool whenTrue) {
    Term selected = term;
    NodePtr own = nodes.product(term.outer);
    selected.outer = {nodes.select(condition, whenTrue ? own : zero, whenTrue ? zero : own)};
    form.terms.push_back(std::move(selected));
  };
  std::vector<bool> paired(no.terms.size());
  for (const Term &term : yes.terms) {
    bool found = false;
    for (auto [i, other] : llvm::enumerate(no.terms)) {
      if (found || paired[i] || !term.reduced.empty() || !other.reduced.empty() ||
          term.state != other.state || term.indices != other.indices)
        continue;
      Term both = term;
      both.outer = {nodes.select(condition, nodes.product(term.outer), nodes.product(other.outer))};
      form.terms.push_back(std::move(both));
      paired[i] = found = true;
    }
    if (!found)
      add(term, true);
  }
  for (auto [i, other] : llvm::enumerate(no.terms))
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
    factor = nodes.renamed(factor, from, to);
  for (Names *names : {&term.indices, &term.reduced})
    for (std::string &name : *names)
      name = analysis::renamed(name, from, to);
}

void LinearAnalysis::reduceTerm(scan::Reduction kind, const Names &over, Term &term) {
  std::vector<NodePtr> kept, summed;
  for (NodePtr factor : term.outer)
    (meet(factor->indices, over) ? summed : kept).push_back(factor);
  Names contracted, others;
  for (const std::string &name : over)
    (contains(term.indices, name) ? contracted : others).push_back(name);
  bool apart = llvm::none_of(
      term.inner, [&](NodePtr factor) { return meet(factor->indices, over); });
  if (contracted.empty() && apart) {
    // The state's part does not vary over these indices: the sum is of coefficients alone.
    kept.push_back(nodes.reduce(kind, over, nodes.product(summed)));
    term.outer = std::move(kept);
    return;
  }
  if (kind == scan::Reduction::Mean && !contracted.empty()) // their number, as a sum of ones
    kept.push_back(nodes.quotient(
        nodes.constant(1), nodes.reduce(scan::Reduction::Add, contracted, nodes.constant(1))));
  // One sum in place of two, over the names of both.
  Names taken = over;
  for (NodePtr factor : summed)
    llvm::append_range(taken, factor->indices);
  renameReduced(term, taken);
  llvm::append_range(summed, term.inner);
  term.outer = std::move(kept);
  term.inner = std::move(summed);
  if (!others.empty())
    term.inner = {nodes.reduce(kind, others, nodes.product(term.inner))};
  llvm::append_range(term.reduced, contracted);
  // A coefficient of the sum may vary over the state's own indices.
  Names own;
  for (StringAttr name : scan::RecurrenceInterface(op).getState(term.state).getIndices())
    own.push_back(name.str());
  renameReduced(term, own);
}

std::optional<LinearForm> LinearAnalysis::analyzeReduce(scan::ReduceOp at) {
  scan::Reduction kind = at.getKind();
  bool isMean = kind == scan::Reduction::Mean && ring == scan::Ring::Real;
  if (kind != sumOf(ring) && !isMean)
    return fail(at, ("'" + scan::stringifyReduction(kind) +
                     "' is taken over values that depend on the state")
                        .str(),
                "sums and means of states are affine; others only with their own semiring throughout");
  LinearForm form = formOf(at.getValue());
  Names over;
  for (StringAttr name : at.getOver().getAsRange<StringAttr>())
    over.push_back(name.str());
  for (NodePtr &constant : joinConstants(form))
    constant = nodes.reduce(kind, over, constant);
  for (Term &term : form.terms) {
    renameReduced(term, over);
    reduceTerm(kind, over, term);
  }
  return form;
}

std::optional<LinearForm> LinearAnalysis::analyzeReindex(scan::ReindexOp at) {
  LinearForm form = formOf(at.getValue());
  Names from, to;
  for (StringAttr name : at.getFrom().getAsRange<StringAttr>())
    from.push_back(name.str());
  for (StringAttr name : at.getTo().getAsRange<StringAttr>())
    to.push_back(name.str());
  for (NodePtr &constant : joinConstants(form))
    constant = nodes.renamed(constant, from, to);
  for (Term &term : form.terms) {
    renameReduced(term, from);
    renameReduced(term, to);
    for (auto *factors : {&term.outer, &term.inner})
      for (NodePtr &factor : *factors)
        factor = nodes.renamed(factor, from, to);
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
  LinearForm form = formOf(at->getOperand(left ? 0 : 1));
  NodePtr shift = nodes.value(at->getOperand(left ? 1 : 0));
  scale(form, minus ? nodes.negate(shift) : shift);
  return form;
}

} // namespace scanc::analysis
