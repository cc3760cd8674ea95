//===- templates/Templates.h - The device library as text -------*- C++ -*-===//
//
// Standard library only. The texts are those of templates/scanc when the
// library was built.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TEMPLATES_TEMPLATES_H
#define SCANC_TEMPLATES_TEMPLATES_H

#include <map>
#include <string>

namespace scanc {

/// Include name ("scanc/core/affine.cuh") -> text, for every header of the device library.
const std::map<std::string, std::string> &templateHeaders();

} // namespace scanc

#endif // SCANC_TEMPLATES_TEMPLATES_H
