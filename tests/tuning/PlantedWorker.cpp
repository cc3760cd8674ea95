//===- PlantedWorker.cpp - A child whose candidates have faults -----------===//
#include "runtime/tuning/Worker.h"
#include "tests/tuning/Planted.h"

int main() { return scanc::tuning::serve({.onPhase = {}, .compile = scanc::testing::compilePlanted}); }
