//===- main.cpp - A gated recurrence from its file ------------------------===//
#include "examples/common/Example.h"

using namespace scanc;

int main(int argc, char **argv) {
  bool large = example::wantsLarge(argc, argv);
  std::string text = example::readText(GATED_SCAN_FILE);

  // Sizes that are known are compiled in; B is bound at launch.
  const std::int64_t B = large ? 8 : 4, T = large ? 4096 : 1024, D = large ? 1024 : 256;
  CompileOptions options;
  options.filename = GATED_SCAN_FILE;
  options.sizes = {{"T", T}, {"D", D}};
  Kernel kernel = orExit(compile(text, options));

  example::Tensor f(Dtype::bf16, {B, T, D}), x(Dtype::bf16, {B, T, D}), z(Dtype::bf16, {B, T, D});
  example::Tensor y(Dtype::bf16, {B, T, D});
  f.fill(-4, 4, 1);
  x.fill(-1, 1, 2);
  z.fill(-4, 4, 3);

  std::string_view target = kernel.target();
  const TensorRef operands[] = {f.on(target), x.on(target), z.on(target), y.on(target)};
  orExit(kernel.prepare(operands)); // compiles and loads, so that a launch only launches
  orExit(kernel.launch(operands));
  double seconds = example::secondsPerLaunch(kernel, operands);
  y.fetch();

  const TensorRef host[] = {f.host(), x.host(), z.host(), y.host()};
  auto reference = orExit(evaluateReference(text, host, options));
  return example::report(kernel, seconds, 4 * y.bytes(), example::compare(y.host(), reference[0]));
}
