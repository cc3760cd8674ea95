//===- Library.h - Where the device library lies ----------------*- C++ -*-===//
#ifndef SCANC_TESTS_TEMPLATES_LIBRARY_H
#define SCANC_TESTS_TEMPLATES_LIBRARY_H

#include <cstdlib>
#include <string>

namespace scanc::templates {

/// The folder of the headers under test: those of the sources, or a copy with a bug (tests/mutants).
inline std::string library() {
  const char *planted = std::getenv("SCANC_PLANTED_TEMPLATES");
  return planted ? planted : SCANC_TEMPLATES;
}

} // namespace scanc::templates

#endif // SCANC_TESTS_TEMPLATES_LIBRARY_H
