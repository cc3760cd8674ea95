//===- main.cpp - How likely observations are under a hidden Markov model -===//
#include "examples/common/Example.h"

using namespace scanc;

int main(int argc, char **argv) {
  bool large = example::wantsLarge(argc, argv);
  std::string text = example::readText(HMM_FORWARD_FILE);

  const std::int64_t B = large ? 512 : 3, T = large ? 1024 : 64, N = large ? 64 : 24;
  CompileOptions options;
  options.filename = HMM_FORWARD_FILE;
  options.sizes = {{"N", N}};
  Kernel kernel = orExit(compile(text, options));

  example::Tensor W(Dtype::f32, {N, N}), e(Dtype::f32, {B, T, N}), p0(Dtype::f32, {B, N});
  example::Tensor seen(Dtype::f32, {B, T});
  W.fill(-8, 0, 1); // logarithms: of chances, up to a factor
  e.fill(-8, 0, 2);
  p0.fill(-8, 0, 3);

  std::string_view target = kernel.target();
  const TensorRef operands[] = {W.on(target), e.on(target), p0.on(target), seen.on(target)};
  orExit(kernel.launch(operands));
  double seconds = example::secondsPerLaunch(kernel, operands);
  seen.fetch();

  const TensorRef host[] = {W.host(), e.host(), p0.host(), seen.host()};
  auto reference = orExit(evaluateReference(text, host, options));
  return example::report(kernel, seconds, e.bytes() + seen.bytes(),
                         example::compare(seen.host(), reference[0]));
}
