//===- main.cpp - Mamba's selective scan: a state index and a readout -----===//
#include "examples/common/Example.h"

int main() {
  // A is negative, as trained models keep it: the state decays.
  return example::run(SELECTIVE_SCAN_FILE, {{"B", 2}, {"T", 256}, {"D", 96}, {"N", 16}},
                      {{"A", {-8.0, -0.5}}});
}
