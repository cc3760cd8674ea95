//===- main.cpp - Mamba's selective scan, written with the builder --------===//
#include "examples/common/Example.h"
#include "scanc/Builder.h"

using namespace scanc;

/// The program of selective_scan.scan, from C++.
static Builder selectiveScan() {
  Builder b("selective_scan");
  auto [x, dt, z] = b.inputs<3>({"x", "dt", "z"}, Dtype::bf16, {"B", "T", "D"});
  builder::Tensor A = b.input("A", Dtype::f32, {"D", "N"});
  auto [Bm, Cm] = b.inputs<2>({"Bm", "Cm"}, Dtype::bf16, {"B", "T", "N"});
  auto [skip, bias] = b.inputs<2>({"skip", "bias"}, Dtype::f32, {"D"});
  builder::Tensor y = b.output("y", Dtype::bf16, {"B", "T", "D"});

  builder::Time t = b.scan("T", "t", {"B", "D"});
  builder::Index n("n");
  builder::Tensor h = b.state("h");
  builder::Expr d = b.local("d", softplus(dt.at(t) + bias));
  b.set(h.at(t, n), exp(d * A.at(n)) * h.at(t - 1, n) + d * x.at(t) * Bm.at(t, n));
  b.set(y.at(t), (Cm.at(t, n) * h.at(t, n) + skip * x.at(t)) * silu(z.at(t)));
  return b;
}

int main(int argc, char **argv) {
  bool large = example::wantsLarge(argc, argv);
  const std::int64_t B = 2, T = large ? 2048 : 512, D = large ? 512 : 96, N = 16;
  Builder program = selectiveScan();
  CompileOptions options;
  options.sizes = {{"N", N}};
  Kernel kernel = orExit(program.compile(options));

  const std::vector<std::int64_t> perStep{B, T, D}, perState{B, T, N};
  example::Tensor x(Dtype::bf16, perStep), dt(Dtype::bf16, perStep), z(Dtype::bf16, perStep);
  example::Tensor A(Dtype::f32, {D, N}), Bm(Dtype::bf16, perState), Cm(Dtype::bf16, perState);
  example::Tensor skip(Dtype::f32, {D}), bias(Dtype::f32, {D});
  example::Tensor y(Dtype::bf16, perStep);
  x.fill(-1, 1, 1);
  dt.fill(-2, 1, 2);
  z.fill(-2, 2, 3);
  A.fill(-8, -0.5, 4); // negative, as trained models keep it: the state forgets
  Bm.fill(-1, 1, 5);
  Cm.fill(-1, 1, 6);
  skip.fill(0, 1, 7);
  bias.fill(-2, 0, 8);

  std::vector<TensorRef> operands, host;
  std::int64_t bytes = 0;
  for (example::Tensor *tensor : {&x, &dt, &z, &A, &Bm, &Cm, &skip, &bias, &y}) {
    operands.push_back(tensor->on(kernel.target()));
    host.push_back(tensor->host());
    bytes += tensor->bytes();
  }
  orExit(kernel.launch(operands));
  double seconds = example::secondsPerLaunch(kernel, operands);
  y.fetch();

  auto reference = orExit(evaluateReference(program.text(), host, options));
  return example::report(kernel, seconds, bytes, example::compare(y.host(), reference[0]));
}
