// Compiles a text for the CPU, and loads a kernel that was compiled with the project.
#include "running_sum.h"
#include "scanc/Compile.h"

#include <cstdio>

int main() {
  auto kernel = scanc::orExit(scanc::compile(
      "kernel sum(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = y[t-1] + x[t] } }", {.target = "cpu"}));
  float x[] = {1, 2, 3, 4}, y[4] = {};
  scanc::TensorRef operands[2];
  operands[0].data = x;
  operands[1].data = y;
  for (scanc::TensorRef &operand : operands) {
    operand.dtype = scanc::Dtype::f32;
    operand.sizes = {4};
  }
  scanc::orExit(kernel.launch(operands));
  std::printf("%g %g %g %g\n", y[0], y[1], y[2], y[3]);

  auto ready = running_sum();
  std::printf("%s\n", ready ? std::string(ready->target()).c_str() : ready.error().code.c_str());
  // Without a device or NVRTC it says so; with them it is a kernel.
  return y[3] == 10 && (ready || ready.error().kind == scanc::ErrorKind::environment) ? 0 : 1;
}
