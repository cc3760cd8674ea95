//===- Product.h - Rows times weights, by cuBLAS where it is ----*- C++ -*-===//
#ifndef SCANC_EXAMPLES_GATED_LAYER_PRODUCT_H
#define SCANC_EXAMPLES_GATED_LAYER_PRODUCT_H

#include "scanc/Compile.h"

#include <memory>

namespace example {

/// p[b,t,n] = x[b,t,e] W[e,n], of f16 to f32, all contiguous.
class Product {
public:
  virtual ~Product() = default;
  virtual const char *name() const = 0;
  /// In the default stream.
  virtual void launch(const scanc::TensorRef &x, const scanc::TensorRef &W,
                      const scanc::TensorRef &p) = 0;

  /// cuBLAS for a GPU whose machine has it, else a program of scanc for `target`.
  static std::unique_ptr<Product> create(std::string_view target);
};

} // namespace example

#endif // SCANC_EXAMPLES_GATED_LAYER_PRODUCT_H
