//===- ir.cpp - Texts of the stages between, to the text of a kernel ------===//
#include "scanc/Compile.h"
#include "tests/fuzz/Finding.h"

using namespace scanc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view text = fuzz::textOf(data, size);
  CompileOptions options;
  options.target = "sm_90a";
  options.wisdom = "off";
  for (Stage stage : {Stage::scan, Stage::affine, Stage::plan}) {
    options.from = stage;
    fuzz::requireTyped(emit(text, Stage::cuda, options));
  }
  return 0;
}
