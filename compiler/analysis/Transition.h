//===- Transition.h - Classify the transition of a block of states -*- C++ -*-===//
#ifndef SCANC_COMPILER_ANALYSIS_TRANSITION_H
#define SCANC_COMPILER_ANALYSIS_TRANSITION_H

#include "compiler/analysis/LinearForm.h"

namespace scanc::analysis {

/// The operands of a `scan.advance`, still as expressions.
struct Transition {
  scan::Structure structure = scan::Structure::Identity;
  bool timeVarying = false;
  std::vector<NodePtr> operands; ///< by structure, as `scan.advance` documents
  std::vector<NodePtr> inputs;   ///< one per state
  Names rows, contract;
};

/// The transition that `forms`, one per state of the block, have in common with a structure; or
/// nothing, and why.
std::optional<Transition> classify(Nodes &nodes, const std::vector<LinearForm> &forms,
                                   llvm::ArrayRef<unsigned> block,
                                   llvm::ArrayRef<scan::StateAttr> states, scan::Ring ring,
                                   std::string &why);

} // namespace scanc::analysis

#endif // SCANC_COMPILER_ANALYSIS_TRANSITION_H
