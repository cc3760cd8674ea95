//===- Comparison.cpp - Draw, evaluate, compare ---------------------------===//
#include "tests/support/Comparison.h"

#include "scanc/SampleInputs.h"

#include <cmath>
#include <random>

namespace scanc::testing_support {

Result<Operands> makeOperands(const std::string &text, const CompileOptions &options,
                              const std::vector<Parameter> &signature, std::uint64_t seed) {
  auto sample = sampleInputs(text, options);
  if (!sample)
    return sample.error();
  Operands operands;
  std::mt19937_64 random(seed);
  for (const Parameter &parameter : signature) {
    TensorRef tensor;
    tensor.dtype = parameter.dtype;
    std::int64_t count = 1, size = sizeOf(tensor.dtype);
    for (const std::string &dim : parameter.dims) {
      auto found = sample->sizes.find(dim);
      tensor.sizes.push_back(found != sample->sizes.end() ? found->second : std::stoll(dim));
      count *= tensor.sizes.back();
    }
    operands.storage.emplace_back(count * size + 16, static_cast<char>(0xff));
    tensor.data = operands.storage.back().data();
    for (const SampleInput &input : sample->inputs) {
      if (input.name != parameter.name || parameter.role != Parameter::Role::input)
        continue;
      std::uniform_real_distribution<double> uniform(input.low, input.high);
      for (std::int64_t i = 0; i < count; ++i)
        storeElement(static_cast<char *>(tensor.data) + i * size, tensor.dtype, uniform(random));
    }
    operands.tensors.push_back(tensor);
  }
  return operands;
}

std::string firstMismatch(const std::string &text, const CompileOptions &options,
                          const std::vector<Parameter> &signature, const Operands &operands) {
  auto expected = evaluateReference(text, operands.tensors, options);
  if (!expected)
    return render(expected.error());
  std::size_t result = 0;
  for (std::size_t p = 0; p < signature.size(); ++p) {
    if (signature[p].role != Parameter::Role::output)
      continue;
    const ReferenceTensor &reference = (*expected)[result++];
    const TensorRef &got = operands.tensors[p];
    for (std::size_t i = 0; i < reference.values.size(); ++i) {
      double value = loadElement(static_cast<const char *>(got.data) + i * sizeOf(got.dtype),
                                 got.dtype);
      bool right = std::isfinite(reference.values[i]) &&
                   std::fabs(value - reference.values[i]) <= reference.bounds[i];
      if (!right)
        return signature[p].name + "[" + std::to_string(i) + "]: got " + std::to_string(value) +
               ", expected " + std::to_string(reference.values[i]) + " within " +
               std::to_string(reference.bounds[i]);
    }
  }
  return "";
}

} // namespace scanc::testing_support
