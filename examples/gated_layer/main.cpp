//===- main.cpp - A layer in one program, and around a product of others --===//
#include "examples/common/Example.h"
#include "examples/gated_layer/Product.h"

#include <algorithm>
#include <cstdio>

using namespace scanc;

/// The columns [first, first + count) of a tensor.
static TensorRef columnsOf(TensorRef tensor, std::int64_t first, std::int64_t count) {
  std::int64_t stride = 1;
  tensor.strides.resize(tensor.sizes.size());
  for (std::size_t i = tensor.sizes.size(); i-- > 0; stride *= tensor.sizes[i])
    tensor.strides[i] = stride;
  tensor.data = static_cast<std::byte *>(tensor.data) + first * sizeOf(tensor.dtype);
  tensor.sizes.back() = count;
  return tensor;
}

int main(int argc, char **argv) {
  bool large = example::wantsLarge(argc, argv);
  const std::int64_t B = large ? 16 : 2, T = large ? 2048 : 128, E = large ? 256 : 64, D = 64;
  CompileOptions options;
  options.sizes = {{"B", B}, {"T", T}, {"E", E}, {"D", D}};
  std::string text = example::readText(GATED_LAYER_FOLDER "/gated_layer.scan");
  Kernel layer = orExit(compile(text, options));
  std::string_view target = layer.target();

  // Weights are packed: [Wf | Wv | Wz], of which the program gets views.
  example::Tensor x(Dtype::f16, {B, T, E}), W(Dtype::f16, {E, 3 * D}), y(Dtype::f16, {B, T, D});
  x.fill(-1, 1, 1);
  W.fill(-0.25, 0.25, 2);
  const TensorRef rows = x.on(target), packed = W.on(target), result = y.on(target);
  auto operandsOf = [&](const TensorRef &x, const TensorRef &W, const TensorRef &y) {
    return std::vector<TensorRef>{x, columnsOf(W, 0, D), columnsOf(W, D, D), columnsOf(W, 2 * D, D), y};
  };
  auto reference = orExit(evaluateReference(text, operandsOf(x.host(), W.host(), y.host()), options));
  std::int64_t bytes = x.bytes() + W.bytes() + y.bytes();

  // One program: the product and what is made of it.
  std::vector<TensorRef> operands = operandsOf(rows, packed, result);
  orExit(layer.prepare(operands));
  orExit(layer.launch(operands));
  double seconds = example::secondsPerLaunch(layer, operands);
  y.fetch();
  int code = example::report(layer, seconds, bytes, example::compare(y.host(), reference[0]));

  // Two launches: the product of a library, and a kernel for what is left.
  options.filename = GATED_LAYER_FOLDER "/scan_and_gate.scan";
  Kernel scan = orExit(compile(example::readText(options.filename), options));
  std::unique_ptr<example::Product> product = example::Product::create(target);
  example::Tensor sums(Dtype::f32, {B, T, 3 * D}), again(Dtype::f16, {B, T, D});
  const TensorRef all = sums.on(target);
  operands = {columnsOf(all, 0, D), columnsOf(all, D, D), columnsOf(all, 2 * D, D), again.on(target)};
  auto run = [&] {
    product->launch(rows, packed, all);
    orExit(scan.launch(operands));
  };
  orExit(scan.prepare(operands));
  run();
  seconds = example::secondsPer(target != "cpu", run);
  again.fetch();
  std::printf("\nproduct   by %s\n", product->name());
  int other = example::report(scan, seconds, bytes, example::compare(again.host(), reference[0]));
  return std::max(code, other);
}
