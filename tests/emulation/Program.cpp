//===- Program.cpp - Follows a launch plan, kernel by kernel ---------------===//
#include "tests/emulation/Program.h"
#include "scanc/LaunchPlan.h"
#include "tests/emulation/Report.h"
#include "tests/emulation/SharedMemory.h"
#include "tests/emulation/include/scanc_emulation/maps.h"

#include <algorithm>
#include <cstring>

namespace scanc::emulation {
namespace {

/// Bytes past an aligned address at which a workspace may begin: seeds draw them.
constexpr std::size_t workspaceShifts = 131;

/// The bytes between the first and the last element of an operand.
Buffer bufferOf(const Parameter &parameter, const TensorRef &tensor) {
  const std::vector<std::int64_t> strides =
      tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
  std::int64_t lowest = 0, highest = 0;
  bool isEmpty = false;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    isEmpty |= tensor.sizes[i] == 0;
    const std::int64_t reach = (tensor.sizes[i] - 1) * strides[i];
    (reach < 0 ? lowest : highest) += reach;
  }
  const std::int64_t element = sizeOf(tensor.dtype);
  // The parts of a complex number may be accessed one by one.
  const std::int64_t granule = sizeOf(numberType(tensor.dtype));
  std::vector<Extent> extents{{element / granule, granule}};
  for (std::size_t i = 0; i < strides.size(); ++i)
    extents.push_back({tensor.sizes[i], strides[i] * element});
  const bool isInput = parameter.role == Parameter::Role::input;
  return {.name = parameter.name,
          .data = isEmpty ? nullptr : static_cast<char *>(tensor.data) + lowest * element,
          .bytes = isEmpty ? 0 : (highest - lowest + 1) * element,
          .writable = !isInput,
          .initialized = isInput,
          .granule = granule,
          .extents = std::move(extents)};
}

/// The workspace in parts: what the plan zeroes may be read at once, the rest once it is written.
void appendWorkspace(std::vector<Buffer> &buffers, std::span<unsigned char> memory,
                     const LaunchPlan &plan) {
  const auto append = [&](unsigned char *from, std::int64_t bytes, bool zeroed) {
    if (bytes > 0)
      buffers.push_back({.name = "workspace", .data = from, .bytes = bytes, .initialized = zeroed});
  };
  unsigned char *at = memory.data();
  for (const ZeroedRange &range : plan.zeroed) {
    auto *zeros = reinterpret_cast<unsigned char *>(range.address);
    std::fill_n(zeros, range.bytes, 0);
    append(at, zeros - at, false);
    append(zeros, range.bytes, true);
    at = zeros + range.bytes;
  }
  append(at, memory.data() + memory.size() - at, false);
}

/// The argument struct, with the maps that a driver would have encoded.
std::vector<std::uint64_t> wordsOf(const PlannedKernel &kernel) {
  std::vector<std::uint64_t> words(kernel.words.begin(), kernel.words.end());
  std::uint64_t *to = words.data() + kernel.firstMapWord();
  for (const PlannedMap &map : kernel.maps) {
    const GivenMap given = {.first = reinterpret_cast<const void *>(map.first),
                            .rows = static_cast<int>(map.sizes[1]),
                            .columns = static_cast<int>(map.sizes[0]),
                            .count = static_cast<int>(map.sizes[2]),
                            .row_bytes = map.strides[0],
                            .matrix_bytes = map.strides[1],
                            .box_rows = static_cast<int>(map.box[1]),
                            .box_columns = static_cast<int>(map.box[0])};
    std::memcpy(to, &given, sizeof given);
    to += PlannedKernel::mapWords;
  }
  return words;
}

Result<void> runKernel(const Program &program, const KernelVariant &variant,
                       const PlannedKernel &kernel, const std::vector<Buffer> &buffers,
                       const Options &options) {
  const std::string &entry = variant.launches[kernel.launch].entry;
  const auto isOne = [](std::int64_t size) { return size == 1; };
  if (!std::all_of(kernel.grid.begin() + 1, kernel.grid.end(), isOne) ||
      !std::all_of(kernel.block.begin() + 1, kernel.block.end(), isOne) ||
      !std::all_of(kernel.cluster.begin(), kernel.cluster.end(), isOne))
    return makeFault("geometry",
                     "kernel '" + entry +
                         "': expected a grid and a block of one dimension and no cluster");
  Result<EmulatedModule> module = EmulatedModule::build(variant.source, program.headers, entry);
  if (!module)
    return module.error();
  Result<Statistics> result = module->launch({.blocks = kernel.grid[0],
                                              .threads = kernel.block[0],
                                              .sharedBytes = kernel.sharedBytes,
                                              .dependent = kernel.dependent},
                                             wordsOf(kernel), buffers, options);
  if (!result)
    return result.error();
  return {};
}

} // namespace

Result<void> runProgram(const Program &program, std::span<const TensorRef> operands,
                        const Options &options) {
  LaunchTarget target;
  target.device = DeviceKind::cpu;
  Result<LaunchPlan> sized = planLaunch(program, operands, target);
  if (!sized)
    return sized.error();
  const std::size_t shift = options.seed % workspaceShifts;
  std::vector<unsigned char> storage(sized->workspaceBytes + shift, sharedPoison);
  const std::span<unsigned char> memory = std::span(storage).subspan(shift);
  Result<LaunchPlan> plan =
      planLaunch(program, operands, target, {memory.data(), sized->workspaceBytes});
  if (!plan)
    return plan.error();

  std::vector<Buffer> buffers;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    Buffer buffer = bufferOf(program.parameters[i], operands[i]);
    // What is updated in place is one buffer.
    const auto updated = std::find_if(buffers.begin(), buffers.end(), [&](const Buffer &other) {
      return other.name == program.parameters[i].updates && other.data == buffer.data;
    });
    if (updated != buffers.end())
      updated->writable = true;
    else
      buffers.push_back(std::move(buffer));
  }
  appendWorkspace(buffers, memory, *plan);
  for (const PlannedKernel &kernel : plan->kernels) {
    if (kernel.isEmpty())
      continue;
    const auto &step = std::get<KernelStep>(program.entries.front().steps[kernel.step]);
    Result<void> result =
        runKernel(program, step.variants[kernel.variant], kernel, buffers, options);
    if (!result)
      return result;
    // The next kernel reads what this one has written.
    for (Buffer &buffer : buffers)
      buffer.initialized = true;
  }
  return {};
}

} // namespace scanc::emulation
