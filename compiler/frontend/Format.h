//===- Format.h - An AST as canonical text, or as a tree --------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_FORMAT_H
#define SCANC_COMPILER_FRONTEND_FORMAT_H

#include "compiler/frontend/Ast.h"

#include <string>

namespace scanc::frontend {

/// Canonical text: two spaces of indentation, a statement a line, no parentheses but those that the
/// tree needs. Comments behind a line stay there, those within it move before it. Parsing it gives
/// the same AST, formatting it again the same text.
std::string formatFile(const File &file);

/// The AST as nested lines, for people who ask what was parsed.
std::string dumpFile(const File &file);

/// One expression, in a scan that calls its step `time`.
std::string formatExpr(const Expr &expr, const std::string &time);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_FORMAT_H
