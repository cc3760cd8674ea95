//===- Parser.h - Text to AST -----------------------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_PARSER_H
#define SCANC_COMPILER_FRONTEND_PARSER_H

#include "compiler/frontend/Ast.h"
#include "compiler/frontend/Diagnostics.h"

namespace scanc::frontend {

/// The file as written. Errors go to `diagnostics`; parsing goes on at the next statement, so that
/// one run reports several.
File parse(Diagnostics &diagnostics);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_PARSER_H
