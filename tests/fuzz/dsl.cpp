//===- dsl.cpp - Texts of programs, to the text of a kernel ---------------===//
#include "scanc/Compile.h"
#include "tests/fuzz/Finding.h"

using namespace scanc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view text = fuzz::textOf(data, size);
  Result<std::string> formatted = format(text, "fuzz.scan");
  fuzz::requireTyped(formatted);
  if (formatted) {
    Result<std::string> again = format(*formatted, "fuzz.scan");
    fuzz::require(again && *again == *formatted, "a formatted program is formatted otherwise");
  }
  CompileOptions options;
  options.target = "sm_90a";
  options.wisdom = "off";
  fuzz::requireTyped(emit(text, Stage::cuda, options));
  return 0;
}
