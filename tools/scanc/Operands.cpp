//===- Operands.cpp - Make, move and read back the tensors of a run -------===//
#include "tools/scanc/Operands.h"

#include "tools/scanc/RandomFill.h"
#include "tools/scanc/Report.h"

#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <numeric>
#include <unistd.h>

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
    std::string name = nameInDimension(dim);
    std::int64_t beyond = dim == name || name.empty() ? 0 : std::stoll(dim.substr(dim.find('+') + 1));
    if (tensor.sizes[i] < beyond)
      return mismatch(fmt::format("dimension '{}' of '{}': expected at least {}, got {}", dim,
                                  parameter.name, beyond, tensor.sizes[i]),
                      fmt::format("with no '{}' at all it still has {}", name, beyond));
    if (!name.empty() && sizes.emplace(name, tensor.sizes[i] - beyond).second)
      request.origins.emplace(name, "by '" + file + "'");
    if (std::optional<std::int64_t> expected = sizeOfDimension(dim, sizes);
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

static Error tooLarge(const Parameter &parameter) {
  return makeError("SC8008", ErrorKind::usage,
                   fmt::format("'{}' is too large for the memory of this machine", parameter.name),
                   "give smaller sizes by --shape");
}

static double memoryOfMachine() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

static Result<std::vector<std::int64_t>>
sizesOf(const Parameter &parameter, const std::map<std::string, std::int64_t> &sizes) {
  std::vector<std::int64_t> result;
  std::int64_t bytes = sizeOf(parameter.dtype);
  for (const std::string &dim : parameter.dims) {
    std::optional<std::int64_t> size = sizeOfDimension(dim, sizes);
    if (!size)
      return makeError("SC8008", ErrorKind::usage,
                       fmt::format("the size '{}' of '{}' is not known", dim, parameter.name),
                       fmt::format("give it, as in --shape {}=64", nameInDimension(dim)));
    if (__builtin_mul_overflow(bytes, *size, &bytes))
      return tooLarge(parameter);
    result.push_back(*size);
  }
  return result;
}

Result<void> Operands::complete(const SampleInputs &samples, const OperandRequest &request) {
  double bytes = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (tensors[i])
      continue;
    const Parameter &parameter = parameters[i];
    Result<std::vector<std::int64_t>> sizes = sizesOf(parameter, samples.sizes);
    if (!sizes)
      return sizes.error();
    // Linux grants what it does not have, and ends the process when that is written.
    bytes += std::accumulate(sizes->begin(), sizes->end(),
                             static_cast<double>(sizeOf(parameter.dtype)), std::multiplies<>());
    if (bytes > memoryOfMachine())
      return tooLarge(parameter);
    tensors[i].emplace(parameter.dtype, *sizes);
    if (parameter.role != Parameter::Role::input)
      continue;
    SampleInput range = i < samples.inputs.size() ? samples.inputs[i] : SampleInput{};
    if (auto given = request.ranges.find(parameter.name); given != request.ranges.end()) {
      range.low = given->second.first;
      range.high = given->second.second;
      range.isOffsets = false;
    }
    fillRandom(*tensors[i], range, request.seed * 1000003 + i);
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
    std::memset(tensors[i]->words.data(), 0xff, tensors[i]->words.size() * 8);
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
