//===- Declarations.cpp - Dimensions of parameters and results ------------===//
#include "compiler/frontend/Check.h"

#include <algorithm>

namespace scanc::frontend {

bool hasDimension(const Declaration &declaration, const std::string &name) {
  return std::any_of(declaration.dims.begin(), declaration.dims.end(),
                     [&](const Dimension &dim) { return dim.text == name; });
}

std::vector<std::string> subscripted(const Declaration &declaration, const Scan &scan) {
  std::vector<std::string> names;
  for (const Dimension &dim : declaration.dims) {
    bool lane = std::any_of(scan.over.begin(), scan.over.end(),
                            [&](const Name &name) { return name.text == dim.text; });
    if (!lane && dim.text != scan.dimension.text)
      names.push_back(dim.text);
  }
  return names;
}

std::string typeText(const Declaration &declaration) {
  std::string dims;
  for (const Dimension &dim : declaration.dims)
    dims += (dims.empty() ? "" : ", ") + dim.text;
  return std::string(spelling(declaration.dtype)) + (dims.empty() ? "" : "[" + dims + "]");
}

} // namespace scanc::frontend
