//===- Format.h - An AST as canonical text, or as a tree --------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_FORMAT_H
#define SCANC_COMPILER_FRONTEND_FORMAT_H

#include "compiler/frontend/Ast.h"

#include <string>

namespace scanc::frontend {

/// Canonical text: two spaces of indentation, one statement a line with its `=` aligned to nothing,
/// comments where they stood. Parsing it gives the same AST, formatting it again the same text.
std::string formatFile(const File &file);

/// The AST as nested lines, for people who ask what was parsed.
std::string dumpFile(const File &file);

/// One expression, with no more parentheses than its meaning needs.
std::string formatExpr(const Expr &expr);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_FORMAT_H
