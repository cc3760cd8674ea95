//===- Report.cpp - Errors, warnings and notes, in colour where wanted ----===//
#include "tools/scanc/Report.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace scanc::cli {

static bool color = false;

void setColor(const std::string &choice) {
  const char *noColor = std::getenv("NO_COLOR");
  bool forbidden = noColor && *noColor != '\0';
  color = choice == "always" || (choice == "auto" && !forbidden && isatty(STDERR_FILENO));
}

void report(const Error &error) { std::fputs(render(error, color).c_str(), stderr); }

static void say(const char *tint, const char *kind, std::string_view message) {
  std::fprintf(stderr, "scanc: %s%s:%s %.*s\n", color ? tint : "", kind, color ? "\033[0m" : "",
               static_cast<int>(message.size()), message.data());
}

void warn(std::string_view message) { say("\033[1;35m", "warning", message); }
void note(std::string_view message) { say("\033[1;36m", "note", message); }

} // namespace scanc::cli
