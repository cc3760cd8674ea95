//===- Operands.cpp - Make, move and read back the tensors of a run -------===//
#include "tools/scanc/Operands.h"

#include "runtime/tuning/Dimensions.h"
#include "runtime/tuning/RandomFill.h"
#include "tools/scanc/Report.h"

#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <numeric>

namespace scanc::cli {

Result<void> checkNames(const std::vector<std::string> &names, const std::string &option,
                        const std::vector<Parameter> &signature, Parameter::Role role) {
  for (const std::string &name : names) {
    std::string known;
    bool found = false;
    for (const Parameter &parameter : signature) {
      if (parameter.role != role)
        continue;
      found |= parameter.name == name;
      known += (known.empty() ? "" : ", ") + parameter.name;
    }
    if (!found)
      return makeError("SC8005", ErrorKind::usage,
                       fmt::format("{}: expected one of the {} {}, got '{}'", option,
                                   role == Parameter::Role::input ? "inputs" : "results", known,
                                   name),
                       "choose one of these");
  }
  return {};
}

/// Takes the sizes of a tensor that was read from `file` into the request.
static Result<void> bindSizes(const Parameter &parameter, const NpyTensor &tensor,
                              const std::string &file, OperandRequest &request) {
  auto mismatch = [&](std::string message, std::string help) {
    Error error = makeError("SC8008", ErrorKind::input, std::move(message), std::move(help));
    error.place.file = file;
    return error;
  };
  if (tensor.sizes.size() != parameter.dims.size())
    return mismatch(fmt::format("'{}' has {} dimensions, got an array of {}", parameter.name,
                                parameter.dims.size(), tensor.sizes.size()),
                    fmt::format("save an array of shape [{}]", fmt::join(parameter.dims, ", ")));
  std::map<std::string, std::int64_t> &sizes = request.sizes;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    const std::string &dim = parameter.dims[i];
    std::string name = tuning::nameInDimension(dim);
    std::int64_t beyond = dim == name || name.empty() ? 0 : std::stoll(dim.substr(dim.find('+') + 1));
    if (tensor.sizes[i] < beyond)
      return mismatch(fmt::format("dimension '{}' of '{}': expected at least {}, got {}", dim,
                                  parameter.name, beyond, tensor.sizes[i]),
                      fmt::format("with no '{}' at all it still has {}", name, beyond));
    if (!name.empty() && sizes.emplace(name, tensor.sizes[i] - beyond).second)
      request.origins.emplace(name, "by '" + file + "'");
    if (std::optional<std::int64_t> expected = tuning::sizeOfDimension(dim, sizes);
        expected && *expected != tensor.sizes[i])
      return mismatch(fmt::format("dimension '{}' of '{}': expected {} {}, got {}", dim,
                                  parameter.name, *expected,
                                  name.empty() ? "by the program" : request.origins.at(name),
                                  tensor.sizes[i]),
                      "give files that agree with each other and with --shape");
  }
  return {};
}

Result<Operands> Operands::load(std::vector<Parameter> signature, OperandRequest &request) {
  Operands operands;
  for (const Parameter &parameter : signature) {
    operands.tensors.emplace_back();
    auto file = request.inputFiles.find(parameter.name);
    if (parameter.role != Parameter::Role::input || file == request.inputFiles.end())
      continue;
    Result<NpyTensor> tensor = loadNpy(file->second, parameter.dtype);
    if (!tensor)
      return tensor.error();
    if (Result<void> bound = bindSizes(parameter, *tensor, file->second, request); !bound)
      return bound.error();
    operands.tensors.back() = std::move(*tensor);
  }
  operands.parameters = std::move(signature);
  return operands;
}

Result<void> Operands::complete(const SampleInputs &samples, const OperandRequest &request) {
  double bytes = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (tensors[i])
      continue;
    const Parameter &parameter = parameters[i];
    Result<std::vector<std::int64_t>> sizes = tuning::sizesOf(parameter, samples.sizes);
    if (!sizes)
      return sizes.error();
    bytes += std::accumulate(sizes->begin(), sizes->end(),
                             static_cast<double>(sizeOf(parameter.dtype)), std::multiplies<>());
    if (Result<void> fits = tuning::checkMemory(parameter, bytes); !fits)
      return fits;
    tensors[i].emplace(parameter.dtype, *sizes);
    if (parameter.role != Parameter::Role::input)
      continue;
    SampleInput range = i < samples.inputs.size() ? samples.inputs[i] : SampleInput{};
    if (auto given = request.ranges.find(parameter.name); given != request.ranges.end()) {
      range.low = given->second.first;
      range.high = given->second.second;
      range.isOffsets = false;
    }
    tuning::fillRandom(tensors[i]->view(), range, request.seed * 1000003 + i);
  }
  return poisonResults();
}

Result<void> Operands::moveToDevice(int index) {
  device = index;
  for (std::optional<NpyTensor> &tensor : tensors) {
    Result<DeviceMemory> memory = DeviceMemory::allocate(device, tensor->bytes());
    if (!memory)
      return memory.error();
    if (Result<void> copied = memory->copyFrom(tensor->words.data()); !copied)
      return copied;
    deviceMemory.push_back(std::move(*memory));
  }
  return {};
}

Result<void> Operands::poisonResults() {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].role != Parameter::Role::output)
      continue;
    // Every element type reads this as NaN (i32 as -1).
    auto &words = tensors[i]->words;
    if (!words.empty()) // which has no address
      std::memset(words.data(), 0xff, words.size() * 8);
    if (i < deviceMemory.size())
      if (Result<void> filled = deviceMemory[i].fill(0xff); !filled)
        return filled;
  }
  return {};
}

Result<void> Operands::fetchResults() {
  for (std::size_t i = 0; i < deviceMemory.size(); ++i)
    if (parameters[i].role == Parameter::Role::output)
      if (Result<void> copied = deviceMemory[i].copyTo(tensors[i]->words.data()); !copied)
        return copied;
  return {};
}

std::vector<TensorRef> Operands::hostViews() {
  std::vector<TensorRef> list;
  for (std::optional<NpyTensor> &tensor : tensors)
    list.push_back(tensor->view());
  return list;
}

std::vector<TensorRef> Operands::views() {
  std::vector<TensorRef> list = hostViews();
  for (std::size_t i = 0; i < deviceMemory.size(); ++i) {
    list[i].data = deviceMemory[i].data();
    list[i].device = DeviceKind::cuda;
    list[i].deviceIndex = device;
  }
  return list;
}

std::int64_t Operands::bytes() const {
  std::int64_t sum = 0;
  for (const std::optional<NpyTensor> &tensor : tensors)
    sum += tensor->bytes();
  return sum;
}

} // namespace scanc::cli
