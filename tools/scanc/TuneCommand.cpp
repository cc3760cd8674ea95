//===- TuneCommand.cpp - scanc tune: search policies, keep what is found ---===//
#include "runtime/search/CompileAhead.h"
#include "runtime/search/Recorded.h"
#include "runtime/tuning/Dimensions.h"
#include "runtime/tuning/Workbench.h"
#include "runtime/wisdom/UseWisdom.h"
#include "scanc/Device.h"
#include "scanc/Tuning.h"
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Progress.h"
#include "tools/scanc/Report.h"
#include "tools/scanc/Reprice.h"
#include "tools/scanc/Sweep.h"
#include "tools/scanc/TuneReport.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <thread>

namespace scanc::cli {

namespace {

struct TuneCommand {
  CompileFlags flags;
  std::string target = "native";
  std::string sweep, results, exported, simulated, effort = "quick";
  std::uint64_t seed = 0;
  double budget = 0;
  std::int64_t evaluations = 0;
  int jobs = 0;

  Result<int> run() const;

private:
  Result<search::SearchOptions> searchOptions() const;
  Result<std::vector<SweepPoint>> points() const;
  Result<int> simulateRecords() const;
};

/// Ctrl-C, once: the evaluation in hand ends, and no other begins. Twice ends the process.
std::atomic<bool> isInterrupted = false;

class InterruptHandler {
public:
  InterruptHandler() {
    struct sigaction handler = {};
    handler.sa_handler = onInterrupt;
    handler.sa_flags = SA_RESTART;
    sigaction(SIGINT, &handler, &before);
  }
  InterruptHandler(const InterruptHandler &) = delete;
  InterruptHandler &operator=(const InterruptHandler &) = delete;
  /// What ends already, with a code that says so, is not killed by the rest of the same interrupt.
  ~InterruptHandler() {
    if (!isInterrupted)
      sigaction(SIGINT, &before, nullptr);
  }

private:
  /// `timeout` and terminals may send the signal twice, to the process and to its group: within half a second both are one.
  static void onInterrupt(int number) {
    static std::atomic<std::int64_t> first = 0;
    timespec time = {};
    clock_gettime(CLOCK_MONOTONIC, &time);
    const std::int64_t now = time.tv_sec * std::int64_t(1000000000) + time.tv_nsec;
    std::int64_t known = 0;
    isInterrupted = true;
    if (first.compare_exchange_strong(known, now) || now - known < 500000000)
      return;
    std::signal(number, SIG_DFL);
    std::raise(number);
  }

  struct sigaction before = {};
};

/// A problem with all that is known of it before its search.
struct Tuned {
  const SweepPoint *point;
  std::vector<Candidate> candidates;
  rt::Record like; ///< what all its records have alike

  rt::Record recordOf(const tuning::Evaluation &evaluation) const;
  bool isOf(const rt::Record &record) const {
    return record.key == like.key && record.sizes == like.sizes && record.target == like.target &&
           record.machine == like.machine;
  }
};

/// Searches problem after problem.
class Tuner {
public:
  Tuner(const search::SearchOptions &options, std::string wisdom, std::string results, int jobs)
      : options(options), wisdom(std::move(wisdom)), results(std::move(results)), jobs(jobs),
        evaluator(tuning::inChildProcess()) {}

  /// Reads what an earlier run left.
  Result<void> resume();
  Result<void> tune(const SweepPoint &point);
  bool isStopped() const { return isInterrupted || fault; }
  const std::vector<rt::Record> &allRecords() const { return known; }

  std::optional<Error> fault; ///< of the disk: nothing more is measured that could not be kept

private:
  Result<Tuned> lookAt(const SweepPoint &point) const;
  void keep(const std::string &path, const rt::Record &record);

  search::SearchOptions options;
  std::string wisdom, results;
  int jobs;
  std::unique_ptr<tuning::Evaluator> evaluator;
  std::vector<rt::Record> known;
  Progress progress;
};

} // namespace

rt::Record Tuned::recordOf(const tuning::Evaluation &evaluation) const {
  rt::Record record = like;
  record.strategy = evaluation.strategy;
  record.outcome = spelling(evaluation.outcome);
  record.seconds = evaluation.seconds;
  record.noise = evaluation.noise;
  record.samples = evaluation.samples;
  record.compileSeconds = evaluation.compileSeconds;
  for (const Candidate &candidate : candidates)
    if (candidate.strategy == evaluation.strategy) {
      record.policy = candidate.policy;
      record.estimate = candidate.seconds;
      record.bytes = static_cast<double>(candidate.bytes);
      record.flops = candidate.flops;
      record.isUntuned = candidate.chosen;
    }
  return record;
}

Result<Tuned> Tuner::lookAt(const SweepPoint &point) const {
  Tuned tuned{&point, {}, {}};
  CompileOptions options = tuning::compileOptions(point.problem);
  Result<std::vector<Parameter>> parameters = signature(point.problem.text, options);
  if (!parameters)
    return parameters.error();
  Result<std::string> key = rt::kernelKey(point.problem.text, options);
  if (!key)
    return key.error();
  tuned.like.key = *key;
  tuned.like.file = point.problem.filename;
  tuned.like.sizes = point.problem.sizes;
  tuned.like.target = point.problem.target;
  tuned.like.machine = rt::thisMachine(point.problem.target);
  for (const Parameter &parameter : *parameters)
    tuned.like.dtypes[parameter.name] = spelling(parameter.dtype);
  tuned.like.kernel = kernelName(point.problem);
  // Sizes that nobody gave are left to the planner.
  Result<std::int64_t> bytes = tuning::compulsoryBytes(*parameters, point.problem.sizes);
  if (bytes && static_cast<double>(*bytes) > point.mostBytes)
    return tuned; // without candidates
  Result<std::vector<Candidate>> candidates = candidatesOf(point);
  if (!candidates)
    return candidates.error();
  tuned.candidates = std::move(*candidates);
  return tuned;
}

Result<void> Tuner::resume() {
  for (const std::string &path : {results, wisdom}) {
    if (path.empty())
      continue;
    Result<rt::RecordFile> file = rt::readRecords(path);
    if (!file)
      return file.error();
    if (file->skipped > 0)
      warn(fmt::format("{}: {} lines are no records", path, file->skipped));
    known.insert(known.end(), file->records.begin(), file->records.end());
  }
  return {};
}

void Tuner::keep(const std::string &path, const rt::Record &record) {
  known.push_back(record);
  if (path.empty() || fault)
    return;
  if (Result<void> added = rt::appendRecord(path, record); !added)
    fault = added.error();
}

Result<void> Tuner::tune(const SweepPoint &point) {
  Result<Tuned> tuned = lookAt(point);
  if (!tuned)
    return tuned.error();
  if (tuned->candidates.empty())
    return {};
  search::SearchOptions here = options;
  for (const rt::Record &record : known) {
    if (!tuned->isOf(record))
      continue;
    if (record.kind == "pick") {
      note(fmt::format("{}: known already, {}", record.kernel, record.strategy));
      return {};
    }
    here.known.push_back(search::evaluationOf(record));
  }
  search::Space space(tuned->candidates);
  std::int64_t count = 0;
  double best = 0;
  auto total = static_cast<std::int64_t>(search::evaluationsOf(space, here));
  progress.begin(tuned->like.kernel, total);
  here.onEvaluation = [&](const tuning::Evaluation &evaluation) {
    ++count;
    if (evaluation.outcome == tuning::Outcome::ok)
      best = best == 0 ? evaluation.seconds : std::min(best, evaluation.seconds);
    keep(results, tuned->recordOf(evaluation));
    progress.step(best);
  };
  here.isStopped = [this] { return isStopped(); };
  std::optional<search::CompileAhead> ahead;
  if (point.problem.target != "cpu" && jobs > 0) {
    ahead.emplace(point.problem, jobs);
    here.onAhead = [&](std::span<const std::string> texts) { ahead->want(texts); };
  }
  search::SearchResult result = findBest(*evaluator, point.problem, space, here);
  progress.clear();
  if (result.isStopped || isStopped())
    return {};
  rt::Record pick = tuned->recordOf(result.best);
  pick.kind = "pick";
  pick.untunedSeconds = result.untuned.seconds;
  pick.evaluations = count + static_cast<std::int64_t>(here.known.size());
  if (result.best.outcome == tuning::Outcome::ok)
    keep(wisdom, pick);
  Result<int> printed = print(pickLine(pick, space.size()));
  if (!printed)
    return printed.error();
  return {};
}

Result<search::SearchOptions> TuneCommand::searchOptions() const {
  search::SearchOptions options;
  options.seed = seed;
  options.budgetSeconds = budget;
  options.evaluations = evaluations;
  if (effort == "none" || effort == "full")
    options.effort = effort == "none" ? search::Effort::none : search::Effort::full;
  else if (effort != "quick")
    return makeError("SC8001", ErrorKind::usage,
                     fmt::format("--effort: expected none, quick or full, got '{}'", effort),
                     "leave it out for quick");
  return options;
}

/// The points of the sweep, or the one that the options name.
Result<std::vector<SweepPoint>> TuneCommand::points() const {
  std::string text;
  CompileOptions options;
  if (!flags.file.empty()) {
    Result<CompileOptions> given = flags.options();
    if (!given)
      return given.error();
    options = std::move(*given);
    Result<std::string> source = readFile(flags.file);
    if (!source)
      return source.error();
    text = std::move(*source);
  } else if (sweep.empty()) {
    return makeError("SC8001", ErrorKind::usage, "FILE or --sweep is required", "see scanc tune --help");
  }
  std::vector<SweepPoint> points;
  if (!sweep.empty()) {
    Result<std::vector<SweepPoint>> read = readSweep(sweep, text, options.filename);
    if (!read)
      return read.error();
    points = std::move(*read);
  } else {
    SweepPoint single;
    single.problem.text = std::move(text);
    single.problem.filename = options.filename;
    single.mostBytes = HUGE_VAL;
    points.push_back(std::move(single));
  }
  for (SweepPoint &point : points) {
    point.problem.target = target == "native" ? nativeTarget() : target;
    point.problem.seed = seed;
    point.problem.kernel = flags.kernel;
    point.problem.sizes.insert(options.sizes.begin(), options.sizes.end());
    if (!flags.strategy.empty())
      point.strategies = {flags.strategy};
  }
  return points;
}

Result<int> TuneCommand::simulateRecords() const {
  Result<search::SearchOptions> options = searchOptions();
  if (!options)
    return options.error();
  Result<rt::RecordFile> file = rt::readRecords(simulated);
  if (!file)
    return file.error();
  if (!sweep.empty()) {
    Result<std::vector<SweepPoint>> problems = points();
    if (!problems)
      return problems.error();
    if (Result<void> priced = reprice(file->records, *problems); !priced)
      return priced.error();
  }
  return print(simulate(file->records, *options));
}

Result<int> TuneCommand::run() const {
  if (!simulated.empty())
    return simulateRecords();
  if (!exported.empty() && exported != "csv" && exported != "json")
    return makeError("SC8001", ErrorKind::usage,
                     fmt::format("--export: expected csv or json, got '{}'", exported),
                     "write --export=json");
  Result<search::SearchOptions> options = searchOptions();
  if (!options)
    return options.error();
  if (Result<void> known = checkTarget(target); !known)
    return known.error();
  Result<std::vector<SweepPoint>> all = points();
  if (!all)
    return all.error();
  InterruptHandler handler;
  unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  Tuner tuner(*options, rt::wisdomFile(flags.wisdom), results,
              jobs > 0 ? jobs : static_cast<int>(std::max(1U, cores - 1)));
  if (Result<void> resumed = tuner.resume(); !resumed)
    return resumed.error();
  int code = 0;
  for (const SweepPoint &point : *all) {
    if (tuner.isStopped())
      break;
    // One problem that cannot be tuned leaves the others.
    if (Result<void> tuned = tuner.tune(point); !tuned) {
      report(tuned.error());
      code = exitCode(tuned.error().kind);
    }
  }
  if (tuner.fault)
    return *tuner.fault;
  if (!exported.empty()) {
    Result<int> printed = print(exported == "csv" ? recordsCsv(tuner.allRecords())
                                                  : recordsJson(tuner.allRecords()));
    if (!printed)
      return printed;
  }
  constexpr int interruptedCode = 5;
  return isInterrupted ? interruptedCode : code;
}

void addTuneCommand(CLI::App &root, Action &action) {
  auto command = std::make_shared<TuneCommand>();
  CLI::App *app = root.add_subcommand("tune", "measure policies, and keep the best in a wisdom file");
  command->flags.addTo(*app);
  app->add_option("--target", command->target, "cpu or native (default)");
  app->add_option("--sweep", command->sweep, "problems, as bench/sweeps/dense.toml lists them");
  app->add_option("--effort", command->effort,
                  "none: only estimate; quick: a tenth of a large space (default); full: all");
  app->add_option("--budget", command->budget, "seconds for a problem, after which no measurement begins")
      ->check(CLI::NonNegativeNumber);
  app->add_option("--evaluations", command->evaluations, "measurements for a problem, at most")
      ->check(CLI::NonNegativeNumber);
  app->add_option("--seed", command->seed, "of the random inputs, and of what is measured at random");
  app->add_option("--results", command->results, "keep every measurement there, and make none again that is there");
  app->add_option("--export", command->exported, "csv or json: print all records that were read and made");
  app->add_option("--jobs", command->jobs, "threads that compile ahead (default: all cores but one)")
      ->check(CLI::NonNegativeNumber);
  app->add_option(
      "--simulate", command->simulated,
      "search over the measurements in a file of results; with --sweep at today's estimates");
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

} // namespace scanc::cli
