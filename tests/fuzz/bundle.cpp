//===- bundle.cpp - Files of programs that were compiled before -----------===//
//
// A text whose checksum reads "edited" is read without one, so that inputs get past it.
//
//===----------------------------------------------------------------------===//
#include "scanc/Program.h"
#include "tests/fuzz/Finding.h"

using namespace scanc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  Result<Program> program = fromBundle(fuzz::textOf(data, size));
  fuzz::requireTyped(program);
  if (!program)
    return 0;
  const std::string written = toBundle(*program);
  Result<Program> again = fromBundle(written);
  fuzz::require(again && toBundle(*again) == written, "a bundle that was read is written otherwise");
  return 0;
}
