//===- main.cpp - Tensors of another library, through DLPack --------------===//
#include "scanc/DLPack.h"

#include "scanc/Compile.h"

#include <cstdio>

using namespace scanc;

int main() {
  const char *text = "kernel prefix_sum(x: f32[B, T]) -> (y: f32[B, T]) {\n"
                     "  scan T as t over B { y[t] = y[t-1] + x[t] }\n"
                     "}\n";
  Kernel kernel = orExit(compile(text, {.target = "cpu"}));

  // Another library would give these: x.__dlpack__() in Python. Here x has two rows of three, each
  // five elements after the last, as a slice of a larger array has.
  float x[] = {1, 2, 3, -1, -1, 4, 5, 6}, y[6] = {};
  bool released = false;
  DLManagedTensorVersioned *theirs =
      toDLPack({x, Dtype::f32, {2, 3}, {5, 1}}, [&] { released = true; });
  DLManagedTensorVersioned *result = toDLPack({y, Dtype::f32, {2, 3}, {}}, [] {});

  // A view takes sizes, strides, the offset in bytes and the device as they are.
  const TensorRef operands[] = {orExit(fromDLPack(theirs)),
                                orExit(fromDLPack(result, {.isWritten = true}))};
  orExit(kernel.launch(operands));

  // The views hold nothing. On a GPU, wait for the launch before this.
  release(theirs);
  release(result);
  const float expected[] = {1, 3, 6, 4, 9, 15};
  bool right = released;
  for (int i = 0; i < 6; ++i)
    right &= y[i] == expected[i];
  std::printf("%g %g %g / %g %g %g\n", y[0], y[1], y[2], y[3], y[4], y[5]);
  return right ? 0 : 4;
}
