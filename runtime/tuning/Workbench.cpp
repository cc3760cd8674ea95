//===- Workbench.cpp - One problem, laid out for candidates ---------------===//
#include "runtime/tuning/Workbench.h"

#include "runtime/tuning/Dimensions.h"
#include "runtime/tuning/RandomFill.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace scanc::tuning {

static std::string textOf(const Error &error) { return error.code + ": " + error.message; }

Judgement judge(const Error &error) {
  bool isDevice = error.code == "SC6034"; // a call of the driver failed: none after it will succeed
  return {isDevice ? Outcome::crashed : Outcome::refused, 0, textOf(error)};
}

CompileOptions compileOptions(const Problem &problem) {
  CompileOptions options;
  options.filename = problem.filename;
  options.kernel = problem.kernel;
  options.sizes = problem.sizes;
  options.target = problem.target;
  return options;
}

Result<void> Workbench::fill(const Problem &problem, const SampleInputs &samples,
                             const Offsets &offsets) {
  std::optional<int> device;
  if (!onCpu())
    device = 0;
  double bytes = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter &parameter = parameters[i];
    Result<std::vector<std::int64_t>> sizes = sizesOf(parameter, allSizes);
    if (!sizes)
      return sizes.error();
    std::int64_t ours = elementsOf(*sizes) * sizeOf(parameter.dtype);
    bytes += 2 * static_cast<double>(ours); // with its image
    if (Result<void> fits = checkMemory(parameter, bytes); !fits)
      return fits;
    Result<GuardedBuffer> buffer = GuardedBuffer::create(ours, device);
    if (!buffer)
      return buffer.error();
    TensorRef image{buffer->image(), parameter.dtype, std::move(*sizes), {}, DeviceKind::cpu, 0};
    if (parameter.role == Parameter::Role::input) {
      SampleInput range = samples.inputs[i];
      if (auto given = problem.ranges.find(parameter.name); given != problem.ranges.end())
        range = {parameter.name, given->second.first, given->second.second, false};
      if (auto given = offsets.find(parameter.name); given != offsets.end())
        std::memcpy(image.data, given->second.data(), static_cast<std::size_t>(ours));
      else
        fillRandom(image, range, problem.seed * 1000003 + i);
    }
    if (Result<void> uploaded = buffer->upload(); !uploaded)
      return uploaded;
    images.push_back(std::move(image));
    buffers.push_back(std::move(*buffer));
  }
  return {};
}

Result<Workbench> Workbench::create(const Problem &problem, const Offsets &offsets) {
  Workbench bench;
  bench.resolvedTarget = problem.target == "native" ? nativeTarget() : problem.target;
  CompileOptions options = compileOptions(problem);
  options.sizes.clear();
  Result<std::vector<Parameter>> parameters = scanc::signature(problem.text, options);
  if (!parameters)
    return parameters.error();
  bench.parameters = std::move(*parameters);
  Result<SampleInputs> samples = sampleInputs(problem.text, compileOptions(problem));
  if (!samples)
    return samples.error();
  bench.allSizes = samples->sizes;
  if (Result<void> filled = bench.fill(problem, *samples, offsets); !filled)
    return filled.error();
  Result<Oracle> oracle =
      Oracle::create(problem.text, options, bench.parameters, bench.images, samples->lanes);
  if (!oracle)
    return oracle.error();
  bench.oracle = std::move(*oracle);
  return bench;
}

std::vector<TensorRef> Workbench::views() const {
  std::vector<TensorRef> views = images;
  for (std::size_t i = 0; i < views.size(); ++i) {
    views[i].data = buffers[i].data();
    views[i].device = onCpu() ? DeviceKind::cpu : DeviceKind::cuda;
  }
  return views;
}

Result<void> Workbench::run(const Kernel &kernel) {
  auto isResult = [&](std::size_t i) { return parameters[i].role == Parameter::Role::output; };
  for (std::size_t i = 0; i < buffers.size(); ++i)
    if (isResult(i))
      if (Result<void> poisoned = buffers[i].poison(); !poisoned)
        return poisoned;
  if (Result<void> launched = kernel.launch(views()); !launched)
    return launched;
  if (!onCpu())
    if (Result<void> waited = synchronize(0); !waited)
      return waited;
  for (std::size_t i = 0; i < buffers.size(); ++i)
    if (isResult(i))
      if (Result<void> fetched = buffers[i].fetch(); !fetched)
        return fetched;
  return {};
}

Result<Judgement> Workbench::findDamage() const {
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    Result<bool> intact = buffers[i].isGuardIntact();
    if (!intact)
      return intact.error();
    if (!*intact)
      return Judgement{Outcome::outOfBounds, 0,
                       fmt::format("bytes beside '{}' were written", parameters[i].name)};
    if (parameters[i].role != Parameter::Role::input)
      continue;
    Result<bool> unchanged = buffers[i].isUnchanged();
    if (!unchanged)
      return unchanged.error();
    if (!*unchanged)
      return Judgement{Outcome::wrong, 0,
                       fmt::format("the input '{}' was written", parameters[i].name)};
  }
  return Judgement{};
}

Judgement Workbench::inspect() {
  Result<Judgement> found = findDamage();
  if (!found)
    return judge(found.error());
  if (found->outcome != Outcome::ok)
    for (GuardedBuffer &buffer : buffers)
      if (Result<void> uploaded = buffer.upload(); !uploaded)
        return judge(uploaded.error());
  return *found;
}

Judgement Workbench::check(const Kernel &kernel) {
  if (Result<void> ran = run(kernel); !ran)
    return judge(ran.error());
  if (Judgement found = inspect(); found.outcome != Outcome::ok)
    return found;
  const Allowance allowance = statedAllowance(kernel.program());
  const std::vector<Comparison> comparisons = oracle->compareAll(allowance);
  Judgement judgement;
  for (const Comparison &each : comparisons)
    judgement.errorOverBound = std::max(judgement.errorOverBound, each.maxErrorOverBound * allowance.factor);
  if (Result<void> passed = verdict(comparisons, statedNorm(kernel.program())); !passed) {
    bool isUnknown = passed.error().code == "SC8007";
    judgement.outcome = isUnknown ? Outcome::refused : Outcome::wrong;
    judgement.detail = isUnknown ? textOf(passed.error()) : passed.error().message;
  }
  return judgement;
}

} // namespace scanc::tuning
