//===- RunCommand.cpp - scanc run: evaluate, check and time a program -----===//
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Operands.h"
#include "tools/scanc/Report.h"
#include "tools/scanc/RunReport.h"
#include "tools/scanc/Stages.h"

#include <fmt/format.h>
#include <memory>

namespace scanc::cli {

namespace {

struct RunCommand {
  CompileFlags flags;
  std::string target = "native";
  std::vector<std::string> inputs, outputs, ranges;
  std::uint64_t seed = 0;
  bool check = false, time = false, json = false, dynamic = false;

  Result<int> run() const;

private:
  Result<OperandRequest> request() const;
};

/// The program of a run: a text, or a bundle with the text that it was made from.
struct Source {
  std::string text;
  std::optional<Program> program;
  CompileOptions options; ///< to read `text` with
  std::vector<Parameter> parameters;
};

} // namespace

static Result<Source> readSource(const CompileFlags &flags, const CompileOptions &options) {
  Result<std::string> text = readFile(flags.file);
  if (!text)
    return text.error();
  Source source{std::move(*text), {}, options, {}};
  if (Result<void> fits = checkStage(flags, source.text, /*isRun=*/true); !fits)
    return fits.error();
  if (!isBundle(source.text)) {
    Result<std::vector<Parameter>> parameters = signature(source.text, options);
    if (!parameters)
      return parameters.error();
    source.parameters = std::move(*parameters);
    return source;
  }
  if (Result<void> fit = flags.checkForBundle(/*isRun=*/true); !fit)
    return fit.error();
  Result<Program> program = fromBundle(source.text);
  if (!program)
    return program.error();
  source.text = program->sourceText;
  source.options.kernel = program->name;
  source.options.sizes.insert(program->boundSizes.begin(), program->boundSizes.end());
  source.parameters = program->parameters;
  source.program = std::move(*program);
  return source;
}

Result<OperandRequest> RunCommand::request() const {
  OperandRequest request;
  request.seed = seed;
  Result<Pairs> files = parsePairs(inputs, "--in");
  if (!files)
    return files.error();
  request.inputFiles.insert(files->begin(), files->end());
  Result<Ranges> drawn = parseRanges(ranges);
  if (!drawn)
    return drawn.error();
  std::vector<std::string> names = namesOf(*files);
  for (const auto &entry : *drawn)
    names.push_back(entry.first);
  if (Result<void> once = checkOnce(std::move(names), "--in and --random"); !once)
    return once.error();
  request.ranges = std::move(*drawn);
  return request;
}

/// Loads the operands and completes them with random inputs and poisoned results.
static Result<Operands> makeOperands(const Source &source, OperandRequest &request) {
  auto inputsOnly = Parameter::Role::input;
  if (auto known = checkNames(namesOf(request.inputFiles), "--in", source.parameters, inputsOnly);
      !known)
    return known.error();
  if (auto known = checkNames(namesOf(request.ranges), "--random", source.parameters, inputsOnly);
      !known)
    return known.error();
  Result<Operands> operands = Operands::load(source.parameters, request);
  if (!operands)
    return operands;
  CompileOptions options = source.options;
  options.sizes = request.sizes;
  Result<SampleInputs> samples = sampleInputs(source.text, options);
  if (!samples) {
    // A bundle may hold a text that is not `.scan`: every size must be given then.
    if (!source.program)
      return samples.error();
    samples = SampleInputs{request.sizes, {}, {}};
  }
  if (Result<void> completed = operands->complete(*samples, request); !completed)
    return completed.error();
  request.sizes = samples->sizes;
  return operands;
}

/// Compares the results with the reference.
static Result<std::vector<tuning::Comparison>> checkResults(const Source &source, Operands &operands,
                                                            const OperandRequest &request,
                                                            tuning::Allowance allowance) {
  CompileOptions options = source.options;
  options.sizes = request.sizes;
  std::vector<TensorRef> views = operands.hostViews();
  Result<std::vector<ReferenceTensor>> expected = evaluateReference(source.text, views, options);
  if (!expected)
    return expected.error();
  std::vector<tuning::Comparison> comparisons;
  for (std::size_t i = 0; i < source.parameters.size(); ++i)
    if (source.parameters[i].role == Parameter::Role::output)
      comparisons.push_back(tuning::compare(source.parameters[i].name, operands.tensor(i).view(),
                                            (*expected)[comparisons.size()], allowance));
  return comparisons;
}

/// Fails where a file of --out cannot be written, before time is spent on the results.
static Result<void> checkOutputs(const Pairs &files) {
  std::vector<std::string> paths;
  for (const auto &[name, file] : files) {
    if (file == "-")
      return makeError("SC8010", ErrorKind::usage,
                       fmt::format("--out {}=-: stdout takes the report", name),
                       "write the result to a file");
    if (Result<void> writable = checkWritable(file); !writable)
      return writable;
    paths.push_back(file);
  }
  return checkOnce(std::move(paths), "--out");
}

/// Writes the results that --out names.
static Result<void> writeResults(const Pairs &files, Operands &operands) {
  const std::vector<Parameter> &signature = operands.signature();
  std::vector<OutputFile> outputs;
  for (const auto &[name, file] : files)
    for (std::size_t i = 0; i < signature.size(); ++i) {
      if (signature[i].name != name || signature[i].role != Parameter::Role::output)
        continue;
      Result<std::string> bytes = formatNpy(operands.tensor(i).view());
      if (!bytes)
        return bytes.error();
      outputs.emplace_back(file, std::move(*bytes));
    }
  return writeFiles(outputs);
}

static Result<Kernel> compileSource(const Source &source, const CompileOptions &options) {
  if (!source.program)
    return compile(source.text, options);
  if (options.target == "cpu")
    return makeError("SC8011", ErrorKind::usage, "a bundle is for a GPU, got --target=cpu",
                     "run the program that it was made from with --target=cpu");
  Result<Kernel> kernel = loadCuda(*source.program, options.load);
  if (!kernel && kernel.error().code == "SC6030")
    kernel.error().help = "install the NVIDIA driver, or run the program that the bundle was made "
                          "from with --target=cpu";
  return kernel;
}

Result<int> RunCommand::run() const {
  Result<CompileOptions> options = flags.options();
  if (!options)
    return options.error();
  if (Result<void> known = checkTarget(target); !known)
    return known.error();
  options->target = target;
  Result<Pairs> files = parsePairs(outputs, "--out");
  if (!files)
    return files.error();
  Result<OperandRequest> wanted = request();
  if (!wanted)
    return wanted.error();
  CompileOptions unbound = *options;
  unbound.sizes.clear();
  Result<Source> source = readSource(flags, unbound);
  if (!source)
    return source.error();
  dropUnknownSizes(options->sizes, source->parameters);
  wanted->sizes = options->sizes;
  for (const auto &[name, size] : options->sizes)
    wanted->origins[name] = "by --shape";
  for (const auto &[name, size] : source->options.sizes)
    if (wanted->sizes.emplace(name, size).second)
      wanted->origins[name] = "by the bundle";
  if (auto known = checkNames(namesOf(*files), "--out", source->parameters, Parameter::Role::output);
      !known)
    return known.error();
  if (Result<void> writable = checkOutputs(*files); !writable)
    return writable.error();
  Result<Operands> operands = makeOperands(*source, *wanted);
  if (!operands)
    return operands.error();

  if (dynamic)
    options->sizes.clear();
  Result<Kernel> kernel = compileSource(*source, *options);
  if (!kernel)
    return kernel.error();
  bool onDevice = kernel->target() != "cpu";
  if (onDevice)
    if (Result<void> moved = operands->moveToDevice(options->load.device); !moved)
      return moved.error();
  if (Result<void> poisoned = operands->poisonResults(); !poisoned)
    return poisoned.error();
  std::vector<TensorRef> views = operands->views();
  LaunchOptions launching;
  launching.checkOffsets = true;
  if (Result<void> launched = kernel->launch(views, launching); !launched)
    return blameEdit(launched.error(), flags);
  if (onDevice)
    if (Result<void> waited = synchronize(options->load.device); !waited)
      return waited.error();
  if (Result<void> fetched = operands->fetchResults(); !fetched)
    return fetched.error();

  RunReport report(*kernel, wanted->sizes, *operands);
  if (check) {
    Result<std::vector<tuning::Comparison>> compared = checkResults(
        *source, *operands, *wanted, tuning::statedAllowance(kernel->program()));
    if (!compared)
      return compared.error();
    report.comparisons = std::move(*compared);
  }
  if (time) {
    Result<Timing> timing = timeLaunches(*kernel, views, options->load.device);
    if (!timing)
      return timing.error();
    report.timing = *timing;
  }
  if (Result<void> written = writeResults(*files, *operands); !written)
    return written.error();
  if (Result<void> written = writeFile("-", json ? report.json() : report.text()); !written)
    return written.error();
  if (Result<void> passed = tuning::verdict(report.comparisons, tuning::statedNorm(kernel->program()));
      !passed)
    return passed.error();
  return 0;
}

void addRunCommand(CLI::App &root, Action &action) {
  auto command = std::make_shared<RunCommand>();
  CLI::App *app = root.add_subcommand("run", "evaluate a program or a bundle, check it, time it");
  command->flags.addTo(*app);
  command->flags.addStepTo(*app);
  app->add_option("--target", command->target, "native (default: the GPU if there is one), cpu, …");
  app->add_option("--from", command->flags.from, "FILE is the text of a stage: scan affine plan")
      ->check(CLI::IsMember({"scan", "affine", "plan"}).description(""))
      ->type_name("STAGE");
  app->add_option("--in", command->inputs, "an input from a file: f=f.npy; random otherwise")
      ->delimiter(',');
  app->add_option("--out", command->outputs, "a result into a file: y=y.npy")->delimiter(',');
  app->add_option("--random", command->ranges, "the range of a random input: f=-1:1")
      ->delimiter(',');
  app->add_option("--seed", command->seed, "of the random inputs (default: 0)");
  app->add_flag("--check", command->check, "compare with the f64 reference; exit 4 if it differs");
  app->add_flag("--time", command->time, "the time of a launch, and bytes per second");
  app->add_flag("--dynamic", command->dynamic, "bind the sizes of --shape at launch only");
  app->add_flag("--json", command->json, "the report as JSON");
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

} // namespace scanc::cli
