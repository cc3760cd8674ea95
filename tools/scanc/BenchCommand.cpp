//===- BenchCommand.cpp - scanc bench: candidates, compared ---------------===//
#include "runtime/tuning/CopyBandwidth.h"
#include "runtime/tuning/Dimensions.h"
#include "runtime/tuning/Workbench.h"
#include "runtime/tuning/Worker.h"
#include "tools/scanc/BenchReport.h"
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Operands.h"
#include "tools/scanc/Sweep.h"

#include <fmt/format.h>
#include <memory>

namespace scanc::cli {

namespace {

struct BenchCommand {
  std::vector<std::string> files, shape, strategies, ranges;
  std::string kernel, target = "native";
  std::uint64_t seed = 0;
  int rounds = 20;
  bool json = false;

  Result<int> run() const;

private:
  Result<void> checkOptions() const;
};

/// What is compared: strategies of one text, or bundles of one kernel.
struct Field {
  tuning::Problem problem;
  std::vector<Parameter> signature;
  std::vector<std::string> candidates;
  bool areBundles = false; ///< candidates are files, else strategies
};

} // namespace

Result<void> BenchCommand::checkOptions() const {
  if (files.empty())
    return makeError("SC8001", ErrorKind::usage, "FILE is required", "see scanc bench --help");
  if (Result<void> known = checkTarget(target); !known)
    return known;
  if (Result<void> once = checkOnce(files, "FILE"); !once)
    return once;
  return checkOnce(strategies, "--strategy");
}

static Error doNotGoTogether(std::string message, std::string help) {
  return makeError("SC8010", ErrorKind::usage, std::move(message), std::move(help));
}

/// Whether a caller of `one` can call `other`: names, types and dimensions are the same.
static bool isSameSignature(const std::vector<Parameter> &one, const std::vector<Parameter> &other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Parameter &a, const Parameter &b) {
                      return a.name == b.name && a.role == b.role && a.dtype == b.dtype &&
                             a.dims == b.dims && a.cuts == b.cuts;
                    });
}

/// Adds a bundle to the field; the first one's text says what the results should be.
static Result<void> addBundle(const std::string &file, std::string_view text, Field &field) {
  Result<Program> program = fromBundle(text);
  if (!program)
    return program.error();
  if (file == "-")
    return doNotGoTogether("a bundle is read again by the process that measures it, got stdin",
                           "give the file of the bundle");
  if (!field.areBundles) {
    field.problem.text = program->sourceText;
    field.problem.kernel = program->name;
    field.signature = program->parameters;
  } else if (!isSameSignature(field.signature, program->parameters)) {
    return doNotGoTogether(fmt::format("'{}' takes other tensors than '{}'", file,
                                       field.candidates.front()),
                           "compare bundles of one program");
  }
  for (const auto &[name, size] : program->boundSizes)
    if (auto known = field.problem.sizes.emplace(name, size); known.first->second != size)
      return doNotGoTogether(fmt::format("'{}' is made for {}={}, got {}", file, name, size,
                                         known.first->second),
                             "compare at a size that all of them are made for");
  field.candidates.push_back(file);
  field.areBundles = true;
  return {};
}

/// Reads what is compared. Sizes of the problem are those that the bundles bind and those given.
static Result<Field> readField(const std::vector<std::string> &files, tuning::Problem problem,
                               const std::vector<std::string> &strategies) {
  Field field;
  field.problem = std::move(problem);
  for (const std::string &file : files) {
    Result<std::string> text = readFile(file);
    if (!text)
      return text.error();
    if (isBundle(*text)) {
      if (!strategies.empty() || (!field.areBundles && !field.problem.kernel.empty()))
        return doNotGoTogether("--strategy and --kernel are for a program: the kernels of a bundle are "
                               "made already",
                               "give the program that the bundle was made from");
      if (Result<void> added = addBundle(file, *text, field); !added)
        return added.error();
      continue;
    }
    if (files.size() > 1)
      return doNotGoTogether(fmt::format("several files are compared only where all are bundles, and '{}' is "
                                         "none",
                                         file),
                             "give one program and several --strategy, or make bundles with --emit=bundle");
    field.problem.text = std::move(*text);
    field.candidates = strategies.empty() ? std::vector<std::string>{"auto"} : strategies;
    CompileOptions unbound = tuning::compileOptions(field.problem);
    unbound.sizes.clear();
    Result<std::vector<Parameter>> parameters = signature(field.problem.text, unbound);
    if (!parameters)
      return parameters.error();
    field.signature = std::move(*parameters);
  }
  return field;
}

/// Evaluates every candidate in a child: one that hangs or ends it leaves the others their times.
static std::vector<tuning::Evaluation> compareField(const Field &field, int rounds) {
  tuning::ChildOptions options;
  options.arguments = {tuning::workerCommand};
  if (field.areBundles)
    options.arguments.insert(options.arguments.end(), field.candidates.begin(),
                             field.candidates.end());
  options.runSeconds += rounds; // a sample is of some launches
  return tuning::inChildProcess(std::move(options))
      ->compare(field.problem, field.candidates, rounds);
}

/// "NVIDIA H200", or "cpu".
static Result<std::string> deviceName(const std::string &target) {
  if (target == "cpu")
    return target;
  Result<std::vector<DeviceInfo>> devices = enumerateDevices();
  if (!devices)
    return devices.error();
  return devices->front().name;
}

Result<int> BenchCommand::run() const {
  if (Result<void> fit = checkOptions(); !fit)
    return fit.error();
  Result<std::map<std::string, std::int64_t>> sizes = parseSizes(shape);
  if (!sizes)
    return sizes.error();
  Result<Ranges> drawn = parseRanges(ranges);
  if (!drawn)
    return drawn.error();
  tuning::Problem problem;
  problem.filename = displayName(files.front());
  problem.kernel = kernel;
  problem.sizes = *sizes;
  problem.target = target == "native" ? nativeTarget() : target;
  problem.ranges = *drawn;
  problem.seed = seed;
  Result<Field> field = readField(files, std::move(problem), strategies);
  if (!field)
    return field.error();
  if (field->areBundles && field->problem.target == "cpu")
    return makeError("SC8011", ErrorKind::usage, "a bundle is for a GPU, and there is none",
                     "run the program that it was made from with --target=cpu");
  dropUnknownSizes(field->problem.sizes, field->signature);
  if (Result<void> known = checkNames(namesOf(*drawn), "--random", field->signature,
                                      Parameter::Role::input);
      !known)
    return known.error();
  // All sizes, also those that nobody gave: every candidate meets the same.
  Result<SampleInputs> samples =
      sampleInputs(field->problem.text, tuning::compileOptions(field->problem));
  if (!samples)
    return samples.error();
  field->problem.sizes = samples->sizes;

  BenchReport report;
  report.file = field->problem.filename;
  report.target = field->problem.target;
  report.sizes = field->problem.sizes;
  Result<std::int64_t> bytes = tuning::compulsoryBytes(field->signature, report.sizes);
  if (!bytes)
    return bytes.error();
  report.compulsoryBytes = *bytes;
  Result<std::string> device = deviceName(report.target);
  if (!device)
    return device.error();
  report.device = *device;
  report.kernel = kernelName(field->problem);
  report.evaluations = compareField(*field, rounds);
  if (report.base()) {
    Result<double> copied = tuning::copyBandwidth(report.target);
    if (!copied)
      return copied.error();
    report.copyBandwidth = *copied;
  }
  if (Result<void> written = writeFile("-", json ? report.json() : report.text()); !written)
    return written.error();
  if (Result<void> passed = report.verdict(); !passed)
    return passed.error();
  return 0;
}

void addBenchCommand(CLI::App &root, Action &action) {
  auto command = std::make_shared<BenchCommand>();
  CLI::App *app = root.add_subcommand("bench", "check strategies or bundles, and compare their times");
  app->add_option("FILE", command->files, "the program (- is stdin), or bundles of it");
  app->add_option("--shape", command->shape, "sizes: T=4096,D=64")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_option("--strategy", command->strategies,
                  "a candidate (default: auto); several are timed in turns")
      ->allow_extra_args(false);
  app->add_option("--kernel", command->kernel, "which kernel of a file that has several");
  app->add_option("--target", command->target, "native (default: the GPU if there is one), cpu, …");
  app->add_option("--random", command->ranges, "the range of a random input: f=-1:1")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_option("--seed", command->seed, "of the random inputs (default: 0)");
  app->add_option("--rounds", command->rounds, "samples of each candidate (default: 20)")
      ->check(CLI::Range(3, 1000).description(""));
  app->add_flag("--json", command->json, "the report as JSON, with every sample");
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

} // namespace scanc::cli
