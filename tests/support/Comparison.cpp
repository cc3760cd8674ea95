//===- Comparison.cpp - Draw, evaluate, compare ---------------------------===//
#include "tests/support/Comparison.h"

#include "scanc/SampleInputs.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace scanc::testing_support {

static std::int64_t sizeOfDim(const std::string &dim,
                              const std::map<std::string, std::int64_t> &sizes) {
  bool oneMore = dim.ends_with("+1");
  auto found = sizes.find(oneMore ? dim.substr(0, dim.size() - 2) : dim);
  return found != sizes.end() ? found->second + oneMore : std::stoll(dim);
}

/// `count` numbers within the range of `input`; offsets ascend from one of its ends to the other.
static std::vector<double> draw(const SampleInput &input, std::int64_t count,
                                std::mt19937_64 &random) {
  std::uniform_real_distribution<double> uniform(input.low, input.high);
  std::vector<double> values(count);
  for (double &value : values)
    value = uniform(random);
  if (input.isOffsets && count > 0) {
    std::sort(values.begin(), values.end());
    values.front() = input.low;
    values.back() = count > 1 ? input.high : input.low;
  }
  return values;
}

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
    std::int64_t count = tensor.dtype == Dtype::c64 ? 2 : 1;
    for (const std::string &dim : parameter.dims) {
      tensor.sizes.push_back(sizeOfDim(dim, sample->sizes));
      count *= tensor.sizes.back();
    }
    Dtype dtype = numberType(tensor.dtype);
    std::int64_t size = sizeOf(dtype);
    operands.storage.emplace_back(count * size + 16, static_cast<char>(0xff));
    tensor.data = operands.storage.back().data();
    for (const SampleInput &input : sample->inputs) {
      if (input.name != parameter.name || parameter.role != Parameter::Role::input)
        continue;
      std::vector<double> values = draw(input, count, random);
      for (std::int64_t i = 0; i < count; ++i)
        storeElement(static_cast<char *>(tensor.data) + i * size, dtype, values[i]);
    }
    operands.tensors.push_back(tensor);
  }
  return operands;
}

static std::int64_t elementsOf(const TensorRef &tensor) {
  std::int64_t count = 1;
  for (std::int64_t size : tensor.sizes)
    count *= size;
  return count;
}

char *elementOf(const TensorRef &tensor, std::int64_t i) {
  std::vector<std::int64_t> strides = tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
  std::int64_t offset = 0;
  for (std::size_t d = tensor.sizes.size(); d-- > 0; i /= tensor.sizes[d])
    offset += i % tensor.sizes[d] * strides[d];
  return static_cast<char *>(tensor.data) + offset * sizeOf(tensor.dtype);
}

void forEachElement(const TensorRef &tensor, const std::function<void(char *)> &visit) {
  std::int64_t count = elementsOf(tensor);
  for (std::int64_t i = 0; i < count; ++i)
    visit(elementOf(tensor, i));
}

Operands withGaps(const std::vector<TensorRef> &tensors, std::int64_t gap) {
  Operands copy;
  for (const TensorRef &from : tensors) {
    TensorRef tensor = from;
    std::int64_t total = 1, bytes = sizeOf(tensor.dtype);
    tensor.strides.assign(tensor.sizes.size(), 0);
    for (std::size_t d = tensor.sizes.size(); d-- > 0;) {
      tensor.strides[d] = total;
      total = total * tensor.sizes[d] + (d + 1 == tensor.sizes.size() ? gap : 0);
    }
    copy.storage.emplace_back((total + gap) * bytes + 16, static_cast<char>(0xff));
    tensor.data = copy.storage.back().data() + gap * bytes;
    std::int64_t count = elementsOf(tensor);
    for (std::int64_t i = 0; i < count; ++i)
      std::copy_n(elementOf(from, i), bytes, elementOf(tensor, i));
    copy.tensors.push_back(tensor);
  }
  return copy;
}

std::string firstMismatch(const std::string &text, const CompileOptions &options,
                          const std::vector<Parameter> &signature, const Operands &operands,
                          double factor) {
  auto expected = evaluateReference(text, operands.tensors, options);
  if (!expected)
    return render(expected.error());
  std::size_t result = 0;
  for (std::size_t p = 0; p < signature.size(); ++p) {
    if (signature[p].role != Parameter::Role::output)
      continue;
    const ReferenceTensor &reference = (*expected)[result++];
    const auto *got = static_cast<const char *>(operands.tensors[p].data);
    Dtype dtype = numberType(operands.tensors[p].dtype);
    for (std::size_t i = 0; i < reference.values.size(); ++i) {
      double value = loadElement(got + i * sizeOf(dtype), dtype);
      // An infinity with a finite bound is a semiring's zero; one that overflowed has none.
      double wanted = reference.values[i];
      bool right = std::isfinite(reference.bounds[i]) &&
                   (value == wanted || std::fabs(value - wanted) <= factor * reference.bounds[i]);
      if (!right)
        return signature[p].name + "[" + std::to_string(i) + "]: got " + std::to_string(value) +
               ", expected " + std::to_string(reference.values[i]) + " within " +
               std::to_string(factor * reference.bounds[i]);
    }
  }
  return "";
}

} // namespace scanc::testing_support
