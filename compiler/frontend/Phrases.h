//===- Phrases.h - Steps, subscripts and dimensions in messages -*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_PHRASES_H
#define SCANC_COMPILER_FRONTEND_PHRASES_H

#include "compiler/frontend/Ast.h"

namespace scanc::frontend {

/// "[t-2]"
std::string stepText(const std::string &time, std::int64_t delay);
/// "the step and 2 indices"
std::string shapeText(bool time, std::size_t indices);
/// What an initial or final state is declared with: "lanes B, segments S, a dimension for each of n"
std::string endText(const Scan &scan, const std::string &segments,
                    const std::vector<std::string> &indices);

/// The cure of subscripts that do not fit.
inline constexpr const char *subscriptsHelp =
    "dimensions in `over` are never written; the step comes first, the rest in memory order";

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_PHRASES_H
