//===- main.cpp - A layer of gated linear attention, programs in a row ----===//
#include "examples/common/Example.h"
#include "examples/gla_layer/Layer.h"

#include <cmath>
#include <cstdio>

using namespace scanc;

namespace {

/// The columns [first, first + count) of a contiguous matrix.
TensorRef columnsOf(TensorRef matrix, std::int64_t first, std::int64_t count) {
  matrix.strides = {matrix.sizes[1], 1};
  matrix.data = static_cast<std::byte *>(matrix.data) + first * sizeOf(matrix.dtype);
  matrix.sizes[1] = count;
  return matrix;
}

/// The same memory with other sizes.
TensorRef as(TensorRef tensor, std::vector<std::int64_t> sizes) {
  tensor.sizes = std::move(sizes);
  return tensor;
}

/// A program of gla_layer.scan and what it is called with.
struct Call {
  Kernel kernel;
  std::vector<TensorRef> operands;
};

std::vector<double> numbersOf(const TensorRef &tensor) {
  std::int64_t count = 1;
  for (std::int64_t size : tensor.sizes)
    count *= size;
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < count; ++i)
    numbers.push_back(loadElement(
        static_cast<const std::byte *>(tensor.data) + i * sizeOf(tensor.dtype), tensor.dtype));
  return numbers;
}

} // namespace

int main(int argc, char **argv) {
  const bool large = example::wantsLarge(argc, argv);
  const example::Layer of = large ? example::Layer{2, 2048, 512, 2, 2, 128, 128, 16}
                                  : example::Layer{2, 150, 40, 2, 2, 16, 24, 8};
  const std::int64_t B = of.B, T = of.T, E = of.E, H = of.H, G = of.G, K = of.K, V = of.V,
                     A = H * G;
  using example::Tensor;
  Tensor x(Dtype::bf16, {B, T, E}), W(Dtype::bf16, {E, of.projected()}),
      taps(Dtype::f32, {4, of.convolved()});
  Tensor Wg(Dtype::bf16, {of.R, of.keys()}), bias(Dtype::f32, {of.keys()}), norm(Dtype::f32, {V});
  Tensor Wo(Dtype::bf16, {of.results(), E}), scale(Dtype::f32, {}), out(Dtype::bf16, {B, T, E});
  // What programs hand on: projections of queries, keys and values, the same behind the
  // convolution, the gate of results and what decays are made of; decays, what is read of the
  // states, and the same behind the norm.
  const std::int64_t widths[] = {of.queries(), of.keys(), of.values(), of.results(), of.R};
  std::vector<Tensor> projected, convolved;
  for (std::int64_t width : widths)
    projected.emplace_back(Dtype::bf16, std::vector{B, T, width});
  for (std::int64_t width : {widths[0], widths[1], widths[2]})
    convolved.emplace_back(Dtype::bf16, std::vector{B, T, width});
  Tensor decays(Dtype::f32, {B, T, H, K}), read(Dtype::f32, {B, T, A, V}),
      gated(Dtype::bf16, {B, T, A, V});
  const double spread = std::sqrt(3.0 / static_cast<double>(E)); // projections of variance 1
  x.fill(-1.7, 1.7, 1);
  W.fill(-spread, spread, 2);
  taps.fill(-1, 1, 3);
  Wg.fill(-1, 1, 4);
  bias.fill(-1, 3, 5);
  norm.fill(0.5, 1.5, 6);
  Wo.fill(-spread, spread, 7);
  const double ofScores = 1 / std::sqrt(static_cast<double>(K));
  scale.fill(ofScores, ofScores, 0);

  CompileOptions options;
  options.filename = GLA_LAYER_FILE;
  options.sizes = {{"E", E},
                   {"R", of.R},
                   {"NQ", of.queries()},
                   {"NK", of.keys()},
                   {"NV", of.values()},
                   {"NZ", of.results()},
                   {"H", H},
                   {"G", G},
                   {"A", A},
                   {"K", K},
                   {"V", V}};
  const std::string text = example::readText(options.filename);
  auto compiled = [&](const char *name) {
    options.kernel = name;
    return orExit(compile(text, options));
  };
  const Kernel project = compiled("project"), decay = compiled("decay"),
               convolve = compiled("convolve"), attend = compiled("attend"),
               normAndGate = compiled("norm_and_gate"), projectBack = compiled("project_back");
  const std::string_view target = project.target();

  // Weights of the projections are views of one matrix, [Wq | Wk | Wv | Wz | Wr], as taps of the
  // convolutions are.
  std::vector<TensorRef> p, c, products = {x.on(target)};
  for (Tensor &tensor : projected)
    p.push_back(tensor.on(target));
  for (Tensor &tensor : convolved)
    c.push_back(tensor.on(target));
  const TensorRef weights = W.on(target), allTaps = taps.on(target), g = decays.on(target),
                  o = read.on(target), y = gated.on(target);
  for (std::int64_t i = 0, first = 0; i < 5; first += widths[i++])
    products.push_back(columnsOf(weights, first, widths[i]));
  products.insert(products.end(), p.begin(), p.end());
  std::vector<Call> layer = {{project, products},
                             {decay, {p[4], Wg.on(target), bias.on(target), as(g, {B, T, H * K})}}};
  for (std::int64_t i = 0, first = 0; i < 3; first += widths[i++]) {
    const TensorRef own = columnsOf(allTaps, first, widths[i]);
    layer.push_back({convolve, {p[i]}});
    for (std::int64_t tap = 0; tap < 4; ++tap) {
      TensorRef row = as(own, {widths[i]});
      row.strides = {1};
      row.data = static_cast<std::byte *>(own.data) + tap * own.strides[0] * sizeOf(own.dtype);
      layer.back().operands.push_back(row);
    }
    layer.back().operands.push_back(c[i]);
  }
  layer.push_back({attend,
                   {as(c[0], {B, T, H, G, K}), as(c[1], {B, T, H, K}), as(c[2], {B, T, H, V}), g,
                    scale.on(target), as(o, {B, T, H, G, V})}});
  layer.push_back({normAndGate, {o, as(p[3], {B, T, A, V}), norm.on(target), y}});
  layer.push_back({projectBack, {as(y, {B, T, A * V}), Wo.on(target), out.on(target)}});

  // One stream, here the default one: each program reads what those before it have written.
  auto run = [&] {
    for (const Call &call : layer)
      orExit(call.kernel.launch(call.operands));
  };
  for (const Call &call : layer)
    orExit(call.kernel.prepare(call.operands));
  run();
  const double seconds = example::secondsPer(target != "cpu", run);
  out.fetch();

  // Four tensors in a row are rounded to bf16, each by 2^-9 of a number at most, and what they
  // become is no farther off than twice that; products of keys and values on the tensor cores are
  // within 2^-8 of theirs. Together less than 2^-6.
  constexpr double stated = 0x1p-6;
  const std::vector<double> expected = example::evaluate(
      of, {numbersOf(x.host()), numbersOf(W.host()), numbersOf(taps.host()), numbersOf(Wg.host()),
           numbersOf(bias.host()), numbersOf(norm.host()), numbersOf(Wo.host())});
  const std::vector<double> got = numbersOf(out.host());
  double errors = 0, squares = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    errors += (got[i] - expected[i]) * (got[i] - expected[i]);
    squares += expected[i] * expected[i];
  }
  const double error = std::sqrt(errors / squares);
  const bool right = error <= stated; // not where one is no number
  for (const Call &call : layer)
    std::printf("%-14s by %s\n", call.kernel.program().name.c_str(),
                call.kernel.program().strategy.c_str());
  std::printf("target         %s\n", std::string(target).c_str());
  std::printf("time           %.1f us, the median of %zu launches in a row\n", seconds * 1e6,
              layer.size());
  std::printf("error          %.3g of the norm of the layer in f64, of %.3g: %s\n", error, stated,
              right ? "correct" : "WRONG");
  return right ? 0 : exitCode(ErrorKind::mismatch);
}
