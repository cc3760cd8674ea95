//===- LaunchPlanner.cpp - Variants picked and formulas evaluated ---------===//
#include "runtime/launch/LaunchPlanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace scanc {
namespace rt {
namespace {

/// Limits of every CUDA device.
constexpr std::array<std::int64_t, 3> maxGrid{2147483647, 65535, 65535};
constexpr std::array<std::int64_t, 3> maxBlock{1024, 1024, 64};
constexpr std::int64_t maxThreads = 1024;
constexpr std::int64_t maxClusterBlocks = 16;

Error programError(std::string code, std::string message, std::string help) {
  return makeError(std::move(code), ErrorKind::input, std::move(message), std::move(help));
}

std::optional<std::int64_t> parseNumber(std::string_view text) {
  std::int64_t value = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

bool isName(std::string_view text) {
  auto isLetter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && isLetter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return isLetter(c) || (c >= '0' && c <= '9');
  });
}

std::size_t positionOf(std::vector<std::string> &names, std::string_view name) {
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    found = names.insert(found, std::string(name));
  return found - names.begin();
}

/// "64", "T" or "S+1" (the offsets of S segments).
std::optional<Dimension> parseDimension(std::string_view text, std::vector<std::string> &names) {
  if (auto number = parseNumber(text))
    return Dimension{Dimension::noName, *number};
  std::size_t plus = text.find('+');
  auto trim = [](std::string_view part) {
    while (part.starts_with(' '))
      part.remove_prefix(1);
    while (part.ends_with(' '))
      part.remove_suffix(1);
    return part;
  };
  std::string_view name = trim(text.substr(0, plus));
  std::optional<std::int64_t> offset = 0;
  if (plus != text.npos)
    offset = parseNumber(trim(text.substr(plus + 1)));
  if (!isName(name) || !offset)
    return std::nullopt;
  return Dimension{positionOf(names, name), *offset};
}

Result<Signature> resolveSignature(const Program &program) {
  Signature signature;
  for (const Parameter &parameter : program.parameters) {
    std::vector<Dimension> &dims = signature.dims.emplace_back();
    for (const std::string &text : parameter.dims) {
      auto dimension = parseDimension(text, signature.names.sizes);
      if (!dimension)
        return operandError(program, parameter, "SC6020",
                            fmt::format("expected a dimension that is a name, a number, or a name "
                                        "plus a number; got '{}'",
                                        text),
                            "compile the kernel again");
      dims.push_back(*dimension);
    }
    signature.names.operands.push_back({parameter.name, parameter.dims.size()});
  }
  for (const auto &[name, size] : program.boundSizes)
    positionOf(signature.names.sizes, name);
  for (const Parameter &parameter : program.parameters)
    if (!parameter.cuts.empty())
      positionOf(signature.names.sizes, parameter.cuts);
  for (const std::string &name : signature.names.sizes) {
    auto bound = program.boundSizes.find(name);
    signature.bound.push_back(bound == program.boundSizes.end() ? std::nullopt
                                                                : std::optional(bound->second));
  }
  for (const WorkspaceBuffer &buffer : program.workspace)
    signature.names.buffers.push_back(buffer.name);
  return signature;
}

bool isPowerOfTwo(std::int64_t value) { return value > 0 && (value & (value - 1)) == 0; }

/// `address` up to a multiple of `alignment`, a power of two.
std::int64_t align(std::int64_t address, std::int64_t alignment) {
  return (address + alignment - 1) & -alignment;
}

Error variantError(const KernelVariant &variant, std::string message) {
  return programError("SC6017", fmt::format("kernel '{}': {}", variant.name, message),
                      "launch with smaller sizes, or compile with another strategy");
}

Result<void> checkGeometry(const KernelVariant &variant, const KernelLaunch &launch) {
  std::int64_t threads = 1, blocks = 1;
  for (int i = 0; i < 3; ++i) {
    if (launch.block[i] < 1 || launch.block[i] > maxBlock[i])
      return variantError(variant, fmt::format("expected a block of 1 to {} threads along axis {}, "
                                               "got {}",
                                               maxBlock[i], i, launch.block[i]));
    if (launch.cluster[i] < 1 || launch.cluster[i] > maxClusterBlocks)
      return variantError(variant, fmt::format("expected a cluster of 1 to {} blocks along axis "
                                               "{}, got {}",
                                               maxClusterBlocks, i, launch.cluster[i]));
    threads *= launch.block[i];
    blocks *= launch.cluster[i];
  }
  if (threads > maxThreads || blocks > maxClusterBlocks)
    return variantError(variant,
                        fmt::format("expected at most {} threads in a block and {} blocks in a "
                                    "cluster, got {} and {}",
                                    maxThreads, maxClusterBlocks, threads, blocks));
  return {};
}

Result<void> checkBox(const KernelVariant &variant, const MatrixMap &map) {
  constexpr std::int64_t mostRows = 256;
  const auto [columns, rows] = map.box;
  if ((columns != 16 && columns != 32 && columns != 64) || rows < 1 || rows > mostRows)
    return variantError(variant, fmt::format("expected a map of 16, 32 or 64 columns and 1 to {} rows "
                                             "at a time, got {} and {}",
                                             mostRows, columns, rows));
  return {};
}

Result<std::int64_t> evaluate(const CompiledFormula &formula, const Facts &facts) {
  auto [value, fault] = formula.evaluate(facts);
  if (fault == FormulaFault::none)
    return value;
  return programError("SC6015",
                      fmt::format("the formula '{}' has no value for these operands: {}",
                                  formula.text(), spelling(fault)),
                      "launch with smaller sizes");
}

} // namespace

Result<void> LaunchPlanner::compile(const KernelVariant &variant, CompiledVariant &compiled) const {
  if (variant.launches.empty())
    return programError("SC6020",
                        fmt::format("kernel '{}': expected a launch, got none", variant.name),
                        "compile the kernel again");
  auto parseInto = [&](std::vector<CompiledFormula> &list, const Formula &text) -> Result<void> {
    Result<CompiledFormula> formula = CompiledFormula::parse(text, signature.names);
    if (!formula)
      return formula.error();
    list.push_back(std::move(*formula));
    return {};
  };
  auto parseAll = [&](std::vector<CompiledFormula> &list, std::span<const Formula> texts) {
    for (const Formula &text : texts)
      if (Result<void> parsed = parseInto(list, text); !parsed)
        return parsed;
    return Result<void>();
  };
  // The workspace is placed after the variants are picked and their grids known.
  auto parseWithout = [&](std::vector<CompiledFormula> &list, std::span<const Formula> texts) {
    if (Result<void> parsed = parseAll(list, texts); !parsed)
      return parsed;
    for (const CompiledFormula &formula : list)
      if (formula.usesWorkspace())
        return Result<void>(
            programError("SC6014",
                         fmt::format("the program's formula '{}' is not valid: only arguments "
                                     "may name a workspace buffer",
                                     formula.text()),
                         "compile the kernel again"));
    return Result<void>();
  };
  if (Result<void> parsed = parseWithout(compiled.required, variant.requires_); !parsed)
    return parsed;
  for (const KernelLaunch &launch : variant.launches) {
    CompiledLaunch &into = compiled.launches.emplace_back();
    if (Result<void> geometry = checkGeometry(variant, launch); !geometry)
      return geometry;
    if (Result<void> parsed = parseWithout(into.grid, launch.grid); !parsed)
      return parsed;
    if (Result<void> parsed = parseWithout(into.shared, {&launch.sharedBytes, 1}); !parsed)
      return parsed;
  }
  for (const MatrixMap &map : variant.maps) {
    if (Result<void> geometry = checkBox(variant, map); !geometry)
      return geometry;
    for (std::span<const Formula> texts : {std::span<const Formula>(&map.first, 1),
                                           std::span<const Formula>(map.sizes),
                                           std::span<const Formula>(map.strides)})
      if (Result<void> parsed = parseAll(compiled.maps, texts); !parsed)
        return parsed;
  }
  return parseAll(compiled.arguments, variant.arguments);
}

Result<LaunchPlanner> LaunchPlanner::create(std::shared_ptr<const Program> program,
                                            const std::string &entryName) {
  LaunchPlanner planner;
  planner.program = std::move(program);
  const std::vector<Entry> &entries = planner.program->entries;
  auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry &entry) {
    return entryName.empty() || entry.name == entryName;
  });
  if (found == entries.end())
    return programError(
        "SC6020",
        entryName.empty()
            ? fmt::format("'{}': expected a program with an entry, got none", planner.program->name)
            : fmt::format("'{}': expected one of its entries, got '{}'", planner.program->name,
                          entryName),
        "compile the kernel again");
  planner.entryIndex = found - entries.begin();

  Result<Signature> signature = resolveSignature(*planner.program);
  if (!signature)
    return signature.error();
  planner.signature = std::move(*signature);

  for (const WorkspaceBuffer &buffer : planner.program->workspace) {
    if (!isPowerOfTwo(buffer.alignment) || buffer.alignment > (1 << 20))
      return programError("SC6020",
                          fmt::format("workspace '{}': expected an alignment that is a power of "
                                      "two up to 1 MiB, got {}",
                                      buffer.name, buffer.alignment),
                          "compile the kernel again");
    Result<CompiledFormula> bytes = CompiledFormula::parse(buffer.bytes, planner.signature.names);
    if (!bytes)
      return bytes.error();
    if (bytes->usesWorkspace())
      return programError("SC6014",
                          fmt::format("the program's formula '{}' is not valid: the size of a "
                                      "workspace buffer cannot depend on its address",
                                      buffer.bytes),
                          "compile the kernel again");
    planner.bufferBytes.push_back(std::move(*bytes));
  }

  for (const Step &step : planner.entry().steps) {
    if (const auto *call = std::get_if<LibraryCall>(&step))
      return programError(
          "SC6019",
          fmt::format("not yet supported: a call of {}'s '{}'", call->library, call->function),
          "compile with a strategy that needs no library");
    const std::vector<KernelVariant> &variants = std::get<KernelStep>(step).variants;
    if (variants.empty())
      return programError("SC6020", "expected a kernel step with a variant, got none",
                          "compile the kernel again");
    CompiledStep &compiled = planner.steps.emplace_back();
    for (const KernelVariant &variant : variants) {
      if (Result<void> done = planner.compile(variant, compiled.variants.emplace_back()); !done)
        return done.error();
      compiled.launches = std::max(compiled.launches, variant.launches.size());
    }
  }
  return planner;
}

/// The first formula that is 0, null where all hold.
static Result<const CompiledFormula *> firstFailed(std::span<const CompiledFormula> required,
                                                   const Facts &facts) {
  for (const CompiledFormula &formula : required) {
    Result<std::int64_t> holds = evaluate(formula, facts);
    if (!holds)
      return holds.error();
    if (*holds == 0)
      return &formula;
  }
  return nullptr;
}

Result<std::size_t> LaunchPlanner::pickVariant(std::size_t step, const Facts &facts) const {
  const std::vector<CompiledVariant> &variants = steps[step].variants;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    Result<const CompiledFormula *> failed = firstFailed(variants[i].required, facts);
    if (!failed)
      return failed.error();
    if (!*failed)
      return i;
  }
  return noVariant(step, facts);
}

Error LaunchPlanner::noVariant(std::size_t step, const Facts &facts) const {
  Error error = programError(
      "SC6016",
      fmt::format("'{}': no variant of step {} accepts these operands", program->name, step),
      "give contiguous, aligned tensors, or compile for these sizes");
  const auto &variants = std::get<KernelStep>(entry().steps[step]).variants;
  for (std::size_t i = 0; i < variants.size(); ++i)
    if (auto failed = firstFailed(steps[step].variants[i].required, facts); failed && *failed)
      error.notes.push_back(
          {fmt::format("'{}' requires {}", variants[i].name, (*failed)->text()), {}});
  return error;
}

std::int64_t LaunchPlanner::sizeOf(const BoundOperands &bound, std::string_view name) const {
  const std::vector<std::string> &names = signature.names.sizes;
  return bound.sizes[std::find(names.begin(), names.end(), name) - names.begin()];
}

Result<void> LaunchPlanner::planKernel(PlannedKernel &kernel, const Facts &facts,
                                       const LaunchTarget &target) const {
  const KernelVariant &variant = variantOf(kernel);
  if (kernel.launch >= variant.launches.size()) {
    kernel.grid = {0, 0, 0}; // another variant of the step has as many
    return {};
  }
  const KernelLaunch &launch = variant.launches[kernel.launch];
  const CompiledLaunch &compiled =
      steps[kernel.step].variants[kernel.variant].launches[kernel.launch];
  kernel.block = launch.block;
  kernel.cluster = launch.cluster;
  kernel.dependent = launch.dependent;
  for (int axis = 0; axis < 3; ++axis) {
    Result<std::int64_t> blocks = evaluate(compiled.grid[axis], facts);
    if (!blocks)
      return blocks.error();
    if (*blocks < 0 || *blocks > maxGrid[axis] || *blocks % kernel.cluster[axis] != 0)
      return variantError(variant,
                          fmt::format("expected a grid of 0 to {} blocks along axis {}, "
                                      "a multiple of {}; got {}",
                                      maxGrid[axis], axis, kernel.cluster[axis], *blocks));
    kernel.grid[axis] = *blocks;
  }
  Result<std::int64_t> shared = evaluate(compiled.shared[0], facts);
  if (!shared)
    return shared.error();
  std::int64_t limit = target.maxSharedBytes < 0 ? maxGrid[0] : target.maxSharedBytes;
  if (*shared < 0 || *shared > limit)
    return variantError(variant, fmt::format("expected at most {} bytes of dynamic shared memory, "
                                             "got {}",
                                             limit, *shared));
  kernel.sharedBytes = *shared;
  return {};
}

Result<void> LaunchPlanner::plan(const BoundOperands &bound, const LaunchTarget &target,
                                 LaunchPlan &plan) const {
  const Facts facts{bound.sizes, bound.operands, {}};
  std::size_t count = 0;
  for (const CompiledStep &step : steps)
    count += step.launches;
  plan.kernels.resize(count);
  auto kernel = plan.kernels.begin();
  bool isFirst = true; // what came before the plan is awaited by the device
  for (std::size_t step = 0; step < steps.size(); ++step) {
    Result<std::size_t> variant = pickVariant(step, facts);
    if (!variant)
      return variant.error();
    for (std::size_t launch = 0; launch < steps[step].launches; ++launch, ++kernel) {
      kernel->step = step;
      kernel->variant = *variant;
      kernel->launch = launch;
      if (Result<void> planned = planKernel(*kernel, facts, target); !planned)
        return planned;
      kernel->dependent &= !isFirst;
      isFirst &= kernel->isEmpty();
    }
  }

  std::int64_t total = 0, widest = 1;
  for (std::size_t i = 0; i < bufferBytes.size(); ++i) {
    Result<std::int64_t> bytes = evaluate(bufferBytes[i], facts);
    if (!bytes)
      return bytes.error();
    std::int64_t alignment = program->workspace[i].alignment;
    widest = std::max(widest, alignment);
    constexpr std::int64_t most = std::int64_t{1} << 62; // leaves room for every alignment
    if (*bytes < 0 || *bytes > most || total > most || align(total, alignment) > most - *bytes)
      return programError("SC6015",
                          fmt::format("the formula '{}' has no value for these operands: expected "
                                      "bytes of a workspace, got {}",
                                      bufferBytes[i].text(), *bytes),
                          "launch with smaller sizes");
    total = align(total, alignment) + *bytes;
  }
  plan.workspaceBytes = total == 0 ? 0 : total + widest - 1;
  return {};
}

Result<void> LaunchPlanner::placeWorkspace(LaunchPlan &plan, BoundOperands &bound,
                                           std::int64_t address, bool kept) const {
  std::int64_t widest = 1;
  for (const WorkspaceBuffer &buffer : program->workspace)
    widest = std::max(widest, buffer.alignment);
  // Within the slack of workspaceBytes; from here on the layout is that of `plan`.
  std::int64_t at = align(address, widest);
  bound.buffers.resize(bufferBytes.size());
  plan.zeroed.clear();
  for (std::size_t i = 0; i < bufferBytes.size(); ++i) {
    at = align(at, program->workspace[i].alignment);
    bound.buffers[i] = at;
    std::int64_t bytes = bufferBytes[i].evaluate({bound.sizes, bound.operands, {}}).value;
    bool isZero = kept && program->workspace[i].restored;
    if (program->workspace[i].zeroed && !isZero && bytes > 0)
      plan.zeroed.push_back({at, bytes});
    at += bytes;
  }
  const Facts facts{bound.sizes, bound.operands, bound.buffers};
  for (std::size_t i = 0; i < plan.kernels.size(); ++i) {
    PlannedKernel &kernel = plan.kernels[i];
    if (kernel.launch > 0) {
      kernel.words = plan.kernels[i - 1].words;
      kernel.maps = plan.kernels[i - 1].maps;
      continue;
    }
    if (Result<void> placed = placeWords(kernel, facts); !placed)
      return placed;
  }
  return {};
}

Result<void> LaunchPlanner::placeWords(PlannedKernel &kernel, const Facts &facts) const {
  const CompiledVariant &compiled = steps[kernel.step].variants[kernel.variant];
  const std::vector<MatrixMap> &maps = variantOf(kernel).maps;
  kernel.maps.resize(maps.size());
  kernel.words.assign(wordsOf(variantOf(kernel)), 0);
  for (std::size_t i = 0; i < compiled.arguments.size(); ++i) {
    Result<std::int64_t> word = evaluate(compiled.arguments[i], facts);
    if (!word)
      return word.error();
    kernel.words[i] = *word;
  }
  auto formula = compiled.maps.begin();
  for (std::size_t i = 0; i < maps.size(); ++i) {
    PlannedMap &map = kernel.maps[i];
    map.box = maps[i].box;
    for (std::span<std::int64_t> numbers :
         {std::span<std::int64_t>(&map.first, 1), std::span<std::int64_t>(map.sizes),
          std::span<std::int64_t>(map.strides)})
      for (std::int64_t &number : numbers) {
        Result<std::int64_t> value = evaluate(*formula++, facts);
        if (!value)
          return value.error();
        number = *value;
      }
  }
  return {};
}

Result<void> LaunchPlanner::checkWorkspace(const LaunchPlan &plan, const BoundOperands &bound,
                                           const Workspace &workspace) const {
  if (!workspace.data)
    return {};
  if (workspace.bytes < plan.workspaceBytes)
    return programError("SC6018",
                        fmt::format("expected a workspace of {} bytes, got {}", plan.workspaceBytes,
                                    workspace.bytes),
                        "allocate what Kernel::workspaceBytes says, or give none");
  auto address = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(workspace.data));
  const AddressRange range{address, address + plan.workspaceBytes - 1};
  for (std::size_t i = 0; i < bound.ranges.size(); ++i)
    if (range.overlaps(bound.ranges[i]))
      return operandError(*program, program->parameters[i], "SC6021",
                          fmt::format("expected memory apart from the workspace of {} bytes, got a "
                                      "range that meets it",
                                      plan.workspaceBytes),
                          "give a workspace of its own, or none");
  return {};
}

} // namespace rt
} // namespace scanc
