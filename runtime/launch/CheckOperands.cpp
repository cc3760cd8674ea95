//===- CheckOperands.cpp - Operands against the signature -----------------===//
//
// Each check has a code of its own, SC6001 to SC6013, and says which parameter,
// what was expected and what was got.
//
//===----------------------------------------------------------------------===//
#include "runtime/Strides.h"
#include "runtime/launch/LaunchPlanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace scanc {
namespace rt {
namespace {

/// Line `number`, from 1, of `text`.
std::string lineOf(std::string_view text, std::int64_t number) {
  for (std::int64_t line = 1; line < number; ++line) {
    std::size_t end = text.find('\n');
    if (end == text.npos)
      return "";
    text.remove_prefix(end + 1);
  }
  return std::string(text.substr(0, text.find('\n')));
}

std::string_view spelling(DeviceKind kind) { return kind == DeviceKind::cpu ? "cpu" : "cuda"; }

std::string spellDevice(DeviceKind kind, int index) {
  return kind == DeviceKind::cpu ? "cpu" : fmt::format("cuda:{}", index);
}

std::string spell(const std::vector<std::string> &dims) {
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

/// One operand under check.
class OperandCheck {
public:
  OperandCheck(const Program &program, const Signature &signature, std::size_t position,
               const TensorRef &tensor)
      : program(program), signature(signature), parameter(program.parameters[position]),
        position(position), tensor(tensor) {}

  /// What does not depend on other operands.
  Result<void> checkAlone(const LaunchTarget &target, std::vector<std::int64_t> &strides,
                          OperandFacts &facts, AddressRange &range);
  /// That numbers, bound sizes and sizes of earlier operands agree; binds the others.
  Result<void> bindSizes(std::vector<std::int64_t> &sizes,
                         std::vector<std::size_t> &firstUse) const;

private:
  Error fail(const char *code, std::string message, std::string help) const {
    return operandError(program, parameter, code, std::move(message), std::move(help));
  }
  Result<void> checkForm(const LaunchTarget &target) const;
  Result<void> checkStorage(const std::vector<std::int64_t> &strides, OperandFacts &facts,
                            AddressRange &range) const;
  Result<void> checkWritable(const std::vector<std::int64_t> &strides) const;

  const Program &program;
  const Signature &signature;
  const Parameter &parameter;
  std::size_t position;
  const TensorRef &tensor;
};

Result<void> OperandCheck::checkForm(const LaunchTarget &target) const {
  if (tensor.dtype != parameter.dtype)
    return fail("SC6002",
                fmt::format("expected elements of type {}, got {}",
                            scanc::spelling(parameter.dtype), scanc::spelling(tensor.dtype)),
                "convert the tensor, or declare the parameter with its type");
  if (tensor.sizes.size() != parameter.dims.size())
    return fail("SC6003",
                fmt::format("expected {} dimensions {}, got {}", parameter.dims.size(),
                            spell(parameter.dims), tensor.sizes.size()),
                "reshape the tensor to the declared dimensions");
  if (!tensor.strides.empty() && tensor.strides.size() != tensor.sizes.size())
    return fail("SC6013",
                fmt::format("expected {} strides, one per dimension, or none; got {}",
                            tensor.sizes.size(), tensor.strides.size()),
                "give one stride per dimension, in elements, or leave them out");
  bool sameDevice = tensor.device == target.device &&
                    (target.device == DeviceKind::cpu || tensor.deviceIndex == target.deviceIndex);
  if (!sameDevice)
    return fail(
        "SC6008",
        fmt::format("expected memory on {}, got {}", spellDevice(target.device, target.deviceIndex),
                    spellDevice(tensor.device, tensor.deviceIndex)),
        fmt::format("copy the tensor to {}, or load the kernel for {}", spelling(target.device),
                    spellDevice(tensor.device, tensor.deviceIndex)));
  for (std::size_t d = 0; d < tensor.sizes.size(); ++d)
    if (tensor.sizes[d] < 0)
      return fail("SC6009",
                  fmt::format("expected a size of at least 0 in dimension {} ('{}'), got {}", d,
                              parameter.dims[d], tensor.sizes[d]),
                  "give the number of elements along the dimension");
  return {};
}

Result<void> OperandCheck::checkStorage(const std::vector<std::int64_t> &strides,
                                        OperandFacts &facts, AddressRange &range) const {
  std::int64_t bytes = sizeOf(tensor.dtype);
  std::int64_t address = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(tensor.data));
  facts.address = address;
  facts.bytes = bytes;
  bool empty = std::find(tensor.sizes.begin(), tensor.sizes.end(), 0) != tensor.sizes.end();
  if (empty)
    return {};

  // Elements below and above the pointer, and the bytes that they take, all within 64 bits.
  std::int64_t count = 1, least = 0, largest = 0, reach = 0;
  bool overflows = false;
  for (std::size_t d = 0; d < strides.size(); ++d) {
    overflows |= __builtin_mul_overflow(count, tensor.sizes[d], &count);
    overflows |= __builtin_mul_overflow(tensor.sizes[d] - 1, strides[d], &reach);
    std::int64_t &side = reach < 0 ? least : largest;
    overflows |= __builtin_add_overflow(side, reach, &side);
  }
  std::int64_t total = 0, below = 0, above = 0;
  overflows |= __builtin_mul_overflow(count, bytes, &total);
  overflows |= __builtin_mul_overflow(least, bytes, &below);
  overflows |= __builtin_mul_overflow(largest, bytes, &above);
  overflows |= __builtin_add_overflow(address, below, &range.first);
  overflows |= __builtin_add_overflow(address, above, &range.last);
  overflows |= __builtin_add_overflow(range.last, bytes - 1, &range.last);
  overflows |= __builtin_sub_overflow(std::int64_t{0}, least, &below);
  if (overflows)
    return fail("SC6010",
                fmt::format("expected elements whose count and offsets fit in 64 bits, got sizes "
                            "[{}] with strides [{}]",
                            fmt::join(tensor.sizes, ", "), fmt::join(strides, ", ")),
                "check the sizes and strides: no memory is that large");
  facts.span = std::max(below, largest);

  if (!tensor.data)
    return fail("SC6006", fmt::format("expected a pointer to {} elements, got null", count),
                "allocate the tensor; only one without elements may be null");
  if (address % bytes != 0)
    return fail("SC6007",
                fmt::format("expected a pointer aligned to {} bytes, one element of type {}; got "
                            "one that is {} past",
                            bytes, scanc::spelling(tensor.dtype), address % bytes),
                "begin the tensor at a multiple of its element");
  return {};
}

Result<void> OperandCheck::checkWritable(const std::vector<std::int64_t> &strides) const {
  // Sufficient for distinct elements: each stride steps over all that the smaller ones reach.
  if (std::find(tensor.sizes.begin(), tensor.sizes.end(), 0) != tensor.sizes.end())
    return {};
  auto distance = [&](std::size_t d) { return strides[d] < 0 ? -strides[d] : strides[d]; };
  std::int64_t reach = 0;     // fits: `checkStorage` has summed the same terms
  std::int64_t beyond = -1;   // dimensions of smaller strides are done
  for (std::size_t done = 0; done < strides.size();) {
    // All dimensions of the next larger stride; of those with elements, only one may have it.
    std::int64_t stride = std::numeric_limits<std::int64_t>::max();
    for (std::size_t d = 0; d < strides.size(); ++d)
      if (distance(d) > beyond)
        stride = std::min(stride, distance(d));
    bool shares = false;
    std::int64_t steps = 0;
    for (std::size_t d = 0; d < strides.size(); ++d) {
      if (distance(d) != stride)
        continue;
      ++done;
      if (tensor.sizes[d] > 1) {
        shares |= stride <= reach || steps > 0;
        steps = tensor.sizes[d] - 1;
      }
    }
    if (shares)
      return fail("SC6011",
                  fmt::format("expected a result whose elements do not share memory, got strides "
                              "[{}] with sizes [{}]",
                              fmt::join(strides, ", "), fmt::join(tensor.sizes, ", ")),
                  "write into a tensor of its own; only inputs may repeat elements");
    reach += steps * stride;
    beyond = stride;
  }
  return {};
}

Result<void> OperandCheck::checkAlone(const LaunchTarget &target,
                                      std::vector<std::int64_t> &strides, OperandFacts &facts,
                                      AddressRange &range) {
  if (Result<void> form = checkForm(target); !form)
    return form;
  setContiguousStrides(tensor.sizes, strides);
  if (!tensor.strides.empty())
    for (std::size_t d = 0; d < strides.size(); ++d)
      if (tensor.sizes[d] > 1)
        strides[d] = tensor.strides[d];
  facts.strides = strides;
  if (Result<void> storage = checkStorage(strides, facts, range); !storage)
    return storage;
  if (parameter.role == Parameter::Role::output)
    return checkWritable(strides);
  return {};
}

Result<void> OperandCheck::bindSizes(std::vector<std::int64_t> &sizes,
                                     std::vector<std::size_t> &firstUse) const {
  constexpr std::size_t unused = -1;
  for (std::size_t d = 0; d < tensor.sizes.size(); ++d) {
    const Dimension &dimension = signature.dims[position][d];
    std::int64_t got = tensor.sizes[d];
    if (dimension.name == Dimension::noName) {
      if (got != dimension.offset)
        return fail("SC6005",
                    fmt::format("expected {} elements in dimension {}, as declared; got {}",
                                dimension.offset, d, got),
                    "give a tensor of the declared size");
      continue;
    }
    std::size_t name = dimension.name;
    if (auto bound = signature.bound[name]; bound && got - dimension.offset != *bound)
      return fail(
          "SC6005",
          fmt::format("expected {} elements in dimension {} ('{}'), as fixed at compile "
                      "time; got {}",
                      *bound + dimension.offset, d, parameter.dims[d], got),
          fmt::format("compile for this size, or leave '{}' open", signature.names.sizes[name]));
    if (got < dimension.offset)
      return fail("SC6004",
                  fmt::format("expected at least {} elements in dimension {} ('{}'), got {}",
                              dimension.offset, d, parameter.dims[d], got),
                  "give a tensor of the declared size");
    if (firstUse[name] == unused) {
      firstUse[name] = position;
      sizes[name] = got - dimension.offset;
    } else if (sizes[name] != got - dimension.offset) {
      const Parameter &first = program.parameters[firstUse[name]];
      Error error =
          fail("SC6004",
               fmt::format("expected {} elements in dimension {} ('{}'), as in '{}'; got {}",
                           sizes[name] + dimension.offset, d, parameter.dims[d], first.name, got),
               "one name is one size: give tensors that agree");
      error.notes.push_back(
          {fmt::format("'{}' has {} = {}", first.name, signature.names.sizes[name], sizes[name]),
           first.place});
      return error;
    }
  }
  return {};
}

} // namespace

Error operandError(const Program &program, const Parameter &parameter, std::string code,
                   std::string message, std::string help) {
  Error error;
  error.code = std::move(code);
  error.message = fmt::format("{} '{}' of '{}': {}",
                              parameter.role == Parameter::Role::input ? "input" : "result",
                              parameter.name, program.name, message);
  error.place = parameter.place;
  error.sourceLine = lineOf(program.sourceText, parameter.place.line);
  error.help = std::move(help);
  return error;
}

Result<void> bindOperands(const Program &program, const Signature &signature,
                          std::span<const TensorRef> operands, const LaunchTarget &target,
                          BoundOperands &bound) {
  std::size_t count = program.parameters.size();
  if (operands.size() != count) {
    std::vector<std::string_view> names;
    for (const Parameter &parameter : program.parameters)
      names.push_back(parameter.name);
    Error error;
    error.code = "SC6001";
    error.message = fmt::format("'{}': expected {} operands ({}), got {}", program.name, count,
                                fmt::join(names, ", "), operands.size());
    error.help = "give the inputs in the order of the signature, then the results";
    return error;
  }

  bound.strides.resize(count);
  bound.operands.assign(count, {});
  bound.sizes.resize(signature.names.sizes.size());
  bound.ranges.assign(count, {});
  bound.firstUse.assign(bound.sizes.size(), -1);
  for (std::size_t name = 0; name < bound.sizes.size(); ++name)
    bound.sizes[name] = signature.bound[name].value_or(0);
  for (std::size_t i = 0; i < count; ++i) {
    OperandCheck check(program, signature, i, operands[i]);
    Result<void> alone = check.checkAlone(target, bound.strides[i], bound.operands[i], bound.ranges[i]);
    if (!alone)
      return alone.error();
    if (Result<void> sizes = check.bindSizes(bound.sizes, bound.firstUse); !sizes)
      return sizes.error();
  }

  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < count; ++j) {
      const Parameter &output = program.parameters[i], &other = program.parameters[j];
      if (i == j || output.role != Parameter::Role::output || !bound.ranges[i].overlaps(bound.ranges[j]))
        continue;
      bool isUpdate = !output.updates.empty() && output.updates == other.name &&
                      operands[i].data == operands[j].data && bound.strides[i] == bound.strides[j];
      if (isUpdate)
        continue;
      Error error = operandError(
          program, output, "SC6012",
          fmt::format("expected memory apart from every other operand, got a range that meets "
                      "that of '{}'",
                      other.name),
          output.updates.empty()
              ? "give the result a tensor of its own; interleaved views count as overlapping"
              : fmt::format("give the result a tensor of its own, or that of '{}' with its strides",
                            output.updates));
      error.notes.push_back({fmt::format("'{}' is declared here", other.name), other.place});
      return error;
    }
  return {};
}

} // namespace rt
} // namespace scanc
