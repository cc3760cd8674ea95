//===- ErrorPages.h - docs/errors, embedded ---------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_ERRORPAGES_H
#define SCANC_TOOLS_SCANC_ERRORPAGES_H

#include <string>
#include <string_view>

namespace scanc::cli {

/// All pages, one after another; a section begins with a line "## SC1001 …".
extern const char *const errorPages;

/// The section of `code`; empty where there is none.
std::string errorSection(std::string_view code);

/// The code that `text` is, SC and four digits in capitals or not; empty for other texts.
std::string errorCodeIn(std::string_view text);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_ERRORPAGES_H
