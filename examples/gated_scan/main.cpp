//===- main.cpp - A gated recurrence with a SiLU output gate --------------===//
#include "examples/common/Example.h"

int main() {
  return example::run(GATED_SCAN_FILE, {{"B", 4}, {"T", 512}, {"D", 256}});
}
