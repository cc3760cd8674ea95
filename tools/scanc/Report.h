//===- Report.h - What the tool says on stderr ------------------*- C++ -*-===//
//
// Data goes to stdout, everything else goes through here.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TOOLS_SCANC_REPORT_H
#define SCANC_TOOLS_SCANC_REPORT_H

#include "scanc/Error.h"

#include <string>
#include <string_view>

namespace scanc::cli {

/// "auto", "always" or "never", from --color. NO_COLOR turns "auto" off.
void setColor(const std::string &choice);

void report(const Error &error);
void warn(std::string_view message);
void note(std::string_view message);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_REPORT_H
