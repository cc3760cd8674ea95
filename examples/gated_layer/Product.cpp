//===- Product.cpp - Rows times weights, by cuBLAS where it is ------------===//
#include "examples/gated_layer/Product.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

namespace example {

namespace {

/// The functions of cublas_v2.h that are called here, and the numbers of their enums.
class Cublas final : public Product {
public:
  static std::unique_ptr<Product> open() {
    auto product = std::make_unique<Cublas>();
    for (const char *library : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"})
      if (!product->library)
        product->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!product->library || !product->find(product->make, "cublasCreate_v2") ||
        !product->find(product->destroy, "cublasDestroy_v2") ||
        !product->find(product->multiply, "cublasGemmEx") || product->make(&product->handle) != 0)
      return nullptr;
    return product;
  }
  ~Cublas() override {
    if (handle)
      destroy(handle);
  }

  const char *name() const override { return "cuBLAS"; }

  /// Matrices of cuBLAS lie column by column: it is asked for the transpose, of transposes.
  void launch(const scanc::TensorRef &x, const scanc::TensorRef &W,
              const scanc::TensorRef &p) override {
    constexpr int f32 = 0, f16 = 2, asTheyLie = 0, sumsOfF32 = 68, itsChoice = -1;
    const float one = 1, none = 0;
    int rows = static_cast<int>(x.sizes[0] * x.sizes[1]), terms = static_cast<int>(W.sizes[0]),
        columns = static_cast<int>(W.sizes[1]);
    int status = multiply(handle, asTheyLie, asTheyLie, columns, rows, terms, &one, W.data, f16, columns,
                          x.data, f16, terms, &none, p.data, f32, columns, sumsOfF32, itsChoice);
    if (status != 0) {
      std::fprintf(stderr, "cublasGemmEx: expected 0, got %d\n", status);
      std::exit(1);
    }
  }

private:
  template <typename F>
  bool find(F &function, const char *name) {
    function = reinterpret_cast<F>(dlsym(library, name));
    return function != nullptr;
  }

  void *library = nullptr, *handle = nullptr; // the library stays open: it has threads of its own
  int (*make)(void **) = nullptr;
  int (*destroy)(void *) = nullptr;
  int (*multiply)(void *, int, int, int, int, int, const void *, const void *, int, int, const void *,
                  int, int, const void *, void *, int, int, int, int) = nullptr;
};

class Program final : public Product {
public:
  explicit Program(std::string_view target) {
    scanc::CompileOptions options;
    options.target = target;
    kernel = scanc::orExit(scanc::compile("kernel product(x: f16[B, T, E], W: f16[E, N]) -> (p: f32[B, T, N]) {\n"
                                          "  scan T as t over B { p[t,n] = x[t,e] * W[e,n] }\n"
                                          "}\n",
                                          options));
  }
  const char *name() const override { return "scanc"; }
  void launch(const scanc::TensorRef &x, const scanc::TensorRef &W,
              const scanc::TensorRef &p) override {
    const scanc::TensorRef operands[] = {x, W, p};
    scanc::orExit(kernel->launch(operands));
  }

private:
  std::optional<scanc::Kernel> kernel;
};

} // namespace

std::unique_ptr<Product> Product::create(std::string_view target) {
  std::unique_ptr<Product> product = target == "cpu" ? nullptr : Cublas::open();
  return product ? std::move(product) : std::make_unique<Program>(target);
}

} // namespace example
