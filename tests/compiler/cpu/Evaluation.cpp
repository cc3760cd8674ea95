//===- Evaluation.cpp - Memory with gaps, random numbers, comparison ------===//
#include "tests/compiler/cpu/Evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>

namespace scanc {

static constexpr unsigned char gap = 0xa5;

static std::int64_t sizeOfDim(const std::string &dim, const Sizes &sizes) {
  if (std::isdigit(static_cast<unsigned char>(dim[0])))
    return std::stoll(dim);
  bool offsets = dim.ends_with("+1");
  return sizes.at(offsets ? dim.substr(0, dim.size() - 2) : dim) + offsets;
}

Operand::Operand(Parameter declared, const Sizes &sizes, Lie lie) : parameter(std::move(declared)) {
  tensor.dtype = parameter.dtype;
  for (const std::string &dim : parameter.dims)
    tensor.sizes.push_back(sizeOfDim(dim, sizes));
  std::size_t rank = tensor.sizes.size();
  std::int64_t extent = 1, first = 0;
  tensor.strides.resize(rank);
  for (std::size_t k = 0; k < rank; ++k) {
    std::size_t i = lie == Lie::transposed ? k : rank - 1 - k;
    std::int64_t size = std::max<std::int64_t>(1, tensor.sizes[i]);
    std::int64_t stride = lie == Lie::padded ? 2 * extent + 1 : extent;
    if (lie == Lie::repeated && i == 0 && parameter.role == Parameter::Role::input)
      stride = 0;
    extent = std::max(extent, (size - 1) * stride + extent);
    if (lie == Lie::backwards) {
      first += (size - 1) * stride;
      stride = -stride;
    }
    tensor.strides[i] = stride;
  }
  std::int64_t bytes = sizeOf(tensor.dtype);
  storage.resize((extent * bytes + 7) / 8 + 16);
  std::memset(storage.data(), gap, storage.size() * 8);
  tensor.data = reinterpret_cast<char *>(storage.data() + 8) + first * bytes;
}

void Operand::forEach(const std::function<void(void *)> &visit) {
  std::int64_t count = 1;
  for (std::int64_t size : tensor.sizes)
    count *= size;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i, offset = 0;
    for (std::size_t d = tensor.sizes.size(); d-- > 0;) {
      offset += rest % tensor.sizes[d] * tensor.strides[d];
      rest /= tensor.sizes[d];
    }
    visit(static_cast<char *>(tensor.data) + offset * sizeOf(tensor.dtype));
  }
}

void Operand::fill(std::uint32_t seed, double low, double high) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> number(low, high);
  forEach([&](void *address) {
    if (tensor.dtype != Dtype::c64)
      return storeElement(address, tensor.dtype, number(engine));
    storeElement(address, Dtype::f32, number(engine));
    storeElement(static_cast<char *>(address) + 4, Dtype::f32, number(engine));
  });
}

void Operand::assign(const std::vector<double> &values) {
  std::size_t i = 0;
  forEach([&](void *address) { storeElement(address, tensor.dtype, values.at(i++)); });
}

std::vector<double> Operand::values() {
  std::vector<double> result;
  forEach([&](void *address) {
    bool isComplex = tensor.dtype == Dtype::c64;
    result.push_back(loadElement(address, isComplex ? Dtype::f32 : tensor.dtype));
    if (isComplex)
      result.push_back(loadElement(static_cast<char *>(address) + 4, Dtype::f32));
  });
  return result;
}

bool Operand::gapsAreUntouched() {
  std::set<void *> elements;
  forEach([&](void *address) { elements.insert(address); });
  auto *begin = reinterpret_cast<unsigned char *>(storage.data());
  auto *end = begin + storage.size() * 8;
  std::int64_t bytes = sizeOf(tensor.dtype);
  for (unsigned char *at = begin; at < end;)
    if (elements.contains(at))
      at += bytes;
    else if (*at++ != gap)
      return false;
  return true;
}

/// From 0 to `last`, never decreasing; some segments are empty.
static std::vector<double> offsets(std::int64_t segments, std::int64_t last) {
  std::mt19937 engine(segments + 7);
  std::vector<double> list{0};
  for (std::int64_t s = 1; s < segments; ++s)
    list.push_back(engine() % 4 == 0 ? list.back() : std::floor(engine() % (last + 1)));
  if (segments > 0)
    list.push_back(last);
  std::sort(list.begin(), list.end());
  return list;
}

Evaluation::Evaluation(std::string program, Sizes sizes, Lie lie, CompileOptions given)
    : text(std::move(program)), options(std::move(given)) {
  options.target = "cpu";
  options.strategy = "auto"; // where the text pins one for a GPU
  std::uint32_t seed = 1;
  auto parameters = signature(text, options);
  if (!parameters) {
    failure = parameters.error();
    return;
  }
  for (Parameter &parameter : *parameters) {
    bool packed = !parameter.dims.empty() && parameter.dims[0].ends_with("+1");
    Operand &operand = operands.emplace_back(std::move(parameter), sizes, lie);
    if (packed)
      operand.assign(offsets(operand.tensor.sizes[0] - 1, sizes.at("T")));
    else if (operand.parameter.role == Parameter::Role::input)
      operand.fill(seed++, -1, 1);
  }
}

Operand &Evaluation::operator[](const std::string &name) {
  for (Operand &operand : operands)
    if (operand.parameter.name == name)
      return operand;
  throw std::out_of_range("no operand " + name); // fails the test
}

std::vector<TensorRef> Evaluation::tensors() const {
  std::vector<TensorRef> list;
  for (const Operand &operand : operands)
    list.push_back(operand.tensor);
  return list;
}

Result<void> Evaluation::launch() {
  if (failure)
    return *failure;
  auto kernel = compile(text, options);
  if (!kernel)
    return kernel.error();
  return kernel->launch(tensors());
}

void Evaluation::expectAgreement() {
  auto done = launch();
  ASSERT_TRUE(done) << render(done.error());
  auto expected = evaluateReference(text, tensors(), options);
  ASSERT_TRUE(expected) << render(expected.error());
  std::size_t result = 0;
  for (Operand &operand : operands) {
    EXPECT_TRUE(operand.gapsAreUntouched()) << operand.parameter.name;
    if (operand.parameter.role == Parameter::Role::input)
      continue;
    const ReferenceTensor &reference = expected->at(result++);
    std::vector<double> got = operand.values();
    ASSERT_EQ(got.size(), reference.values.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      double want = reference.values[i];
      bool same = got[i] == want || (std::isnan(got[i]) && std::isnan(want)) ||
                  std::fabs(got[i] - want) <= reference.bounds[i];
      ASSERT_TRUE(same) << operand.parameter.name << " at " << i << ": expected " << want
                        << " within " << reference.bounds[i] << ", got " << got[i];
    }
  }
}

std::vector<std::pair<std::string, std::string>> programs() {
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto &file : std::filesystem::directory_iterator(SCANC_PROGRAMS)) {
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    if (file.path().extension() == ".scan")
      list.emplace_back(file.path().stem().string(), text.str());
  }
  std::sort(list.begin(), list.end());
  return list;
}

std::string program(const std::string &name) {
  for (auto &[known, text] : programs())
    if (known == name)
      return text;
  ADD_FAILURE() << "no program " << name;
  return "";
}

} // namespace scanc
