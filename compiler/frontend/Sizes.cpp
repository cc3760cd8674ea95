//===- Sizes.cpp - Sizes that tensors may be bound to ---------------------===//
#include "compiler/frontend/Importer.h"
#include "compiler/frontend/ScanImporter.h"

#include <fmt/format.h>

namespace scanc::frontend {

/// More than any machine addresses, and so little that the formulas of a launch stay within 64 bits.
static constexpr std::int64_t mostBytes = std::int64_t{1} << 56;

void checkSizes(const Kernel &kernel, const BoundSizes &sizes, Diagnostics &diagnostics) {
  for (const std::vector<Declaration> *list : {&kernel.parameters, &kernel.results})
    for (const Declaration &declaration : *list) {
      std::int64_t bytes = sizeOf(declaration.dtype);
      bool holds = true;
      std::string shape;
      for (const Dimension &dim : declaration.dims) {
        shape += (shape.empty() ? "" : ", ") + dim.text;
        auto bound = sizes.find(dim.text.substr(0, dim.text.find('+')));
        if (bound != sizes.end()) {
          shape += bound->first == dim.text ? "" : " with " + bound->first;
          shape += fmt::format(" = {}", bound->second);
          holds = holds && bound->second >= 0 && bound->second <= mostBytes;
        }
        if (!holds)
          continue;
        if (std::int64_t size = sizeNamed(dim.text, sizes); !mlir::ShapedType::isDynamic(size))
          holds = !__builtin_mul_overflow(bytes, std::max<std::int64_t>(size, 1), &bytes) &&
                  bytes <= mostBytes;
      }
      if (!holds)
        diagnostics.error("SC1027", declaration.name.place,
                          fmt::format("'{}': expected sizes of at least 0 that make at most 2^56 "
                                      "bytes, got [{}]",
                                      declaration.name.text, shape),
                          "bind sizes that memory can hold, or leave them to the launch");
    }
}

} // namespace scanc::frontend
