//===- main.cpp - The smallest scan ---------------------------------------===//
#include "examples/common/Example.h"

int main() { return example::run(PREFIX_SUM_FILE, {{"B", 64}, {"T", 4099}}); }
