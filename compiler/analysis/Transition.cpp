//===- Transition.cpp - From terms to the table of structures -------------===//
#include "compiler/analysis/Transition.h"

using namespace mlir;

namespace scanc::analysis {

namespace {

Names namesOf(scan::StateAttr state) {
  Names names;
  for (StringAttr name : state.getIndices())
    names.push_back(name.str());
  return names;
}

/// One state by itself.
class SingleState {
public:
  SingleState(Nodes &nodes, scan::StateAttr state, scan::Ring ring)
      : nodes(nodes), own(namesOf(state)), ring(ring) {}

  std::optional<Transition> classify(const LinearForm &form, std::string &why);

private:
  bool contraction(const Term &term, std::string &why);
  void setElementwise(NodePtr diagonal);
  bool isDense(const Term &term) const;
  NodePtr overContracted(NodePtr node, const Term &term);
  void setLowRank(const std::vector<const Term *> &terms, const std::vector<NodePtr> &diagonal);

  Nodes &nodes;
  Names own;
  scan::Ring ring;
  Transition result;
};

} // namespace

/// Which indices of the state a term contracts; all terms must contract the same.
bool SingleState::contraction(const Term &term, std::string &why) {
  Names rows, contract;
  for (auto [name, read] : llvm::zip(own, term.indices)) {
    bool summed = llvm::is_contained(term.reduced, read);
    if (summed) {
      rows.push_back(name);
      contract.push_back(read);
    } else if (name != read) {
      why = "the state is read with its indices in another order";
      return false;
    }
  }
  bool fits = result.contract.empty() || (rows == result.rows && contract.size() == result.contract.size());
  if (rows.size() != 1 || !fits) {
    why = "the state is contracted over several indices, or in several ways";
    return false;
  }
  if (result.contract.empty()) {
    result.rows = rows;
    result.contract = contract;
  }
  return true;
}

bool SingleState::isDense(const Term &term) const {
  return llvm::any_of(term.inner, [&](NodePtr factor) {
    return llvm::is_contained(factor->indices, result.rows[0]);
  });
}

/// `node` of `term` under the names that all terms contract.
NodePtr SingleState::overContracted(NodePtr node, const Term &term) {
  Names from;
  for (auto [name, read] : llvm::zip(own, term.indices))
    if (llvm::is_contained(term.reduced, read))
      from.push_back(read);
  return nodes.renamed(node, from, result.contract);
}

void SingleState::setElementwise(NodePtr diagonal) {
  if (isConstant(diagonal, 1)) {
    result.structure = scan::Structure::Identity;
    return;
  }
  bool scalar = diagonal->indices.empty();
  result.structure = scalar ? scan::Structure::Scalar : scan::Structure::Diagonal;
  result.operands = {diagonal};
}

/// Coefficients of a low-rank term with the sign of `I - u v` taken out, contracted names unified.
void SingleState::setLowRank(const std::vector<const Term *> &terms,
                             const std::vector<NodePtr> &diagonal) {
  std::vector<std::vector<NodePtr>> outers;
  std::vector<NodePtr> inners;
  for (const Term *term : terms) {
    std::vector<NodePtr> factors;
    bool negative = true; // A = d - sum u v
    for (NodePtr factor : term->outer) {
      if (isConstant(factor, -1))
        negative = !negative;
      else
        factors.push_back(factor);
    }
    if (negative)
      factors.insert(factors.begin(), nodes.constant(-1));
    outers.push_back(std::move(factors));
    inners.push_back(overContracted(nodes.product(term->inner), *term));
  }
  // A factor of the diagonal that every update has too stands before the whole transition.
  std::vector<NodePtr> shared;
  if (diagonal.size() == 1) {
    std::vector<NodePtr> candidates = diagonal[0]->kind == Node::Kind::product
                                          ? diagonal[0]->operands
                                          : std::vector<NodePtr>{diagonal[0]};
    bool all = llvm::all_of(candidates, [&](NodePtr factor) {
      return llvm::all_of(outers,
                          [&](const auto &outer) { return llvm::is_contained(outer, factor); });
    });
    if (all && !isConstant(diagonal[0], 1))
      shared = candidates;
  }
  NodePtr front = diagonal.empty() ? nodes.constant(0) : nodes.sum(diagonal);
  if (isConstant(front, 1)) {
    result.structure = scan::Structure::LowRank;
  } else {
    result.structure = shared.empty() ? scan::Structure::DiagonalLowRank : scan::Structure::Product;
    result.operands.push_back(front);
  }
  for (auto [outer, inner] : llvm::zip(outers, inners)) {
    for (NodePtr factor : shared)
      outer.erase(llvm::find(outer, factor));
    result.operands.push_back(nodes.product(outer));
    result.operands.push_back(inner);
  }
}

std::optional<Transition> SingleState::classify(const LinearForm &form, std::string &why) {
  std::vector<NodePtr> diagonal;
  std::vector<const Term *> contracted;
  for (const Term &term : form.terms) {
    if (!term.reduced.empty()) {
      if (!contraction(term, why))
        return std::nullopt;
      contracted.push_back(&term);
    } else if (term.indices != own) {
      why = "the state is read under other indices without a sum over them";
      return std::nullopt;
    } else {
      diagonal.push_back(nodes.product(term.outer));
    }
    for (const auto *factors : {&term.outer, &term.inner})
      for (NodePtr factor : *factors)
        result.timeVarying |= factor->variesWithTime;
  }
  result.inputs = {nodes.sum(form.constants)};
  if (contracted.empty()) {
    setElementwise(nodes.sum(diagonal));
    return result;
  }
  bool dense = llvm::any_of(contracted, [&](const Term *term) { return isDense(*term); });
  if (dense || ring != scan::Ring::Real) {
    result.structure = diagonal.empty() ? scan::Structure::Dense : scan::Structure::DiagonalDense;
    if (!diagonal.empty())
      result.operands.push_back(nodes.sum(diagonal));
    std::vector<NodePtr> matrices;
    for (const Term *term : contracted) {
      std::vector<NodePtr> factors = term->outer;
      llvm::append_range(factors, term->inner);
      matrices.push_back(overContracted(nodes.product(factors), *term));
    }
    result.operands.push_back(nodes.sum(matrices));
    return result;
  }
  setLowRank(contracted, diagonal);
  return result;
}

/// States that read each other: the square of their elementwise coefficients.
static std::optional<Transition> classifyBlock(Nodes &nodes, const std::vector<LinearForm> &forms,
                                               ArrayRef<unsigned> block,
                                               ArrayRef<scan::StateAttr> states,
                                               std::string &why) {
  Transition result;
  result.structure = scan::Structure::Dense;
  for (const LinearForm &form : forms) {
    std::vector<std::vector<NodePtr>> row(block.size());
    for (const Term &term : form.terms) {
      unsigned column = llvm::find(block, term.state) - block.begin();
      if (!term.reduced.empty() || term.indices != namesOf(states[column]) ||
          namesOf(states[column]) != namesOf(states[0])) {
        why = "states that read each other do so under different indices";
        return std::nullopt;
      }
      row[column].push_back(nodes.product(term.outer));
      for (NodePtr factor : term.outer)
        result.timeVarying |= factor->variesWithTime;
    }
    for (const std::vector<NodePtr> &coefficients : row)
      result.operands.push_back(nodes.sum(coefficients));
    result.inputs.push_back(nodes.sum(form.constants));
  }
  return result;
}

std::optional<Transition> classify(Nodes &nodes, const std::vector<LinearForm> &forms,
                                   ArrayRef<unsigned> block, ArrayRef<scan::StateAttr> states,
                                   scan::Ring ring, std::string &why) {
  if (block.size() > 1)
    return classifyBlock(nodes, forms, block, states, why);
  return SingleState(nodes, states[0], ring).classify(forms[0], why);
}

} // namespace scanc::analysis
