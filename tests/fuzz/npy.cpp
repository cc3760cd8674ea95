//===- npy.cpp - NumPy's files of tensors ---------------------------------===//
#include "scanc/Npy.h"
#include "tests/fuzz/Finding.h"

using namespace scanc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  Result<NpyTensor> tensor = parseNpy(fuzz::textOf(data, size));
  fuzz::requireTyped(tensor);
  if (!tensor)
    return 0;
  fuzz::require(tensor->words.size() <= size, "a tensor of more than its file holds");
  Result<std::string> written = formatNpy(tensor->view());
  fuzz::require(static_cast<bool>(written), "a tensor that was read cannot be written");
  Result<NpyTensor> again = parseNpy(*written, tensor->dtype);
  fuzz::require(again && again->sizes == tensor->sizes && again->words == tensor->words,
                "a tensor that was written is read otherwise");
  return 0;
}
