//===- Reprice.cpp - Records at today's estimates --------------------------===//
#include "tools/scanc/Reprice.h"

#include "runtime/search/Recorded.h"
#include "runtime/tuning/Workbench.h"
#include "runtime/wisdom/UseWisdom.h"

#include <algorithm>

namespace scanc::cli {

/// The candidate of a record: among those of its problem or, where the space has it no more, by
/// itself.
static Result<Candidate> candidateOf(const rt::Record &record, const std::vector<Candidate> &space,
                                     const SweepPoint &point) {
  for (const Candidate &candidate : space)
    if (candidate.strategy == record.strategy)
      return candidate;
  CompileOptions options = tuning::compileOptions(point.problem);
  options.strategy = record.strategy;
  Result<std::vector<Candidate>> own = searchSpace(point.problem.text, options);
  if (!own)
    return own.error();
  Candidate candidate = own->front();
  candidate.chosen = false;
  return candidate;
}

/// Adds the records of `problem`, at the estimates of `point`.
static Result<void> add(const search::RecordedProblem &problem, const SweepPoint &point,
                        std::vector<rt::Record> &priced) {
  Result<std::vector<Candidate>> space = candidatesOf(point);
  if (!space)
    return space.error();
  bool hasPick = false;
  for (rt::Record record : problem.records) {
    Result<Candidate> candidate = candidateOf(record, *space, point);
    if (!candidate) // of a policy that is refused today
      continue;
    record.estimate = candidate->seconds;
    record.isUntuned = candidate->chosen;
    hasPick |= candidate->chosen;
    priced.push_back(std::move(record));
  }
  auto pick =
      std::find_if(space->begin(), space->end(), [](const Candidate &each) { return each.chosen; });
  if (!hasPick && pick != space->end()) {
    rt::Record record = problem.like;
    record.strategy = pick->strategy;
    record.outcome = "refused";
    record.seconds = 0;
    record.estimate = pick->seconds;
    record.isUntuned = true;
    priced.push_back(std::move(record));
  }
  return {};
}

Result<void> reprice(std::vector<rt::Record> &records, const std::vector<SweepPoint> &points) {
  std::vector<rt::Record> priced;
  for (const search::RecordedProblem &problem : search::problemsOf(records))
    for (SweepPoint point : points) {
      if (point.problem.sizes != problem.like.sizes)
        continue;
      point.problem.target = problem.like.target;
      Result<std::string> key =
          rt::kernelKey(point.problem.text, tuning::compileOptions(point.problem));
      if (!key)
        return key.error();
      if (*key != problem.like.key)
        continue;
      if (Result<void> added = add(problem, point, priced); !added)
        return added;
    }
  records = std::move(priced);
  return {};
}

} // namespace scanc::cli
