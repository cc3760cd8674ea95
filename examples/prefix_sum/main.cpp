//===- main.cpp - Running sums: compile a text, launch it, check it -------===//
#include "examples/common/Example.h"

using namespace scanc;

int main(int argc, char **argv) {
  bool large = example::wantsLarge(argc, argv);
  // A program may be a string. Without options it is for the GPU if there is one, else the CPU.
  const char *text = R"(
    kernel prefix_sum(x: f32[B, T]) -> (y: f32[B, T]) {
      scan T as t over B { y[t] = y[t-1] + x[t] }
    })";
  Kernel kernel = orExit(compile(text));

  const std::int64_t lanes = large ? 8192 : 256, time = 4099;
  example::Tensor x(Dtype::f32, {lanes, time}), y(Dtype::f32, {lanes, time});
  x.fill(-1, 1, 1);

  // Operands stand in the order of the signature, results last. Their sizes are bound here.
  const TensorRef operands[] = {x.on(kernel.target()), y.on(kernel.target())};
  orExit(kernel.launch(operands));
  double seconds = example::secondsPerLaunch(kernel, operands);
  y.fetch();

  const TensorRef host[] = {x.host(), y.host()};
  auto reference = orExit(evaluateReference(text, host));
  return example::report(kernel, seconds, x.bytes() + y.bytes(),
                         example::compare(y.host(), reference[0]));
}
