//===- wisdom.cpp - Lines of a wisdom file --------------------------------===//
#include "runtime/wisdom/Record.h"
#include "tests/fuzz/Finding.h"

using namespace scanc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::optional<rt::Record> record = rt::fromLine(fuzz::textOf(data, size));
  if (!record)
    return 0;
  const std::string line = rt::toLine(*record);
  const std::optional<rt::Record> again = rt::fromLine(line);
  fuzz::require(again && rt::toLine(*again) == line, "a record that was read is written otherwise");
  return 0;
}
