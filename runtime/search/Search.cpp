//===- search/Search.cpp - Which candidates to measure, and the best ------===//
#include "runtime/search/Search.h"

#include "runtime/search/Forecast.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <random>

namespace scanc::search {

using tuning::Evaluation;
using tuning::Outcome;

namespace {

/// A launch that takes so many times the best is not waited for.
constexpr double patience = 3;
/// Other strategies get a first measurement where their estimate is within so many times the
/// pick's.
constexpr double worthATry = 4;
/// What is measured slower than so many times the best is no finalist.
constexpr double finalistWithin = 1.3;
/// The cost model's pick stays where nothing beats it by more than timing in turns can tell.
constexpr double gainThatCounts = 0.01;
/// A part of the space is measured: one point of so many.
constexpr std::size_t quickShare = 10;
/// Every so many evaluations one is of a point drawn at random: the forecast may be wrong
/// everywhere.
constexpr std::size_t drawnEvery = 8;
/// Points that are named to be compiled meanwhile.
constexpr std::size_t aheadCount = 16;

class Searcher {
public:
  Searcher(tuning::Evaluator &evaluator, const tuning::Problem &problem, const Space &space,
           const SearchOptions &options)
      : evaluator(evaluator), problem(problem), space(space), options(options), forecast(space),
        results(space.size()), random(options.seed), begin(std::chrono::steady_clock::now()) {}

  SearchResult run();

private:
  bool isOver() const;
  void measure(std::size_t point);
  void measureAll();
  void measureFew();
  /// What is to be measured first: the pick, then the best estimate of each other strategy.
  std::vector<std::size_t> firstPoints() const;
  std::size_t nextPoint();
  std::vector<std::size_t> unmeasured() const;
  void nameAhead(const std::vector<std::size_t> &order) const;
  /// The best of all by one measurement each.
  std::optional<std::size_t> best() const;
  void decide();
  bool isRight(std::size_t point) const {
    return results[point] && results[point]->outcome == Outcome::ok;
  }

  tuning::Evaluator &evaluator;
  const tuning::Problem &problem;
  const Space &space;
  const SearchOptions &options;
  Forecast forecast;
  std::vector<std::optional<Evaluation>> results;
  std::size_t count = 0; ///< of `results`
  std::mt19937_64 random;
  std::chrono::steady_clock::time_point begin;
  SearchResult result;
};

} // namespace

std::size_t evaluationsOf(const Space &space, const SearchOptions &options) {
  std::size_t most = space.size();
  if (options.effort == Effort::none)
    most = 0;
  if (options.effort == Effort::quick && space.size() > smallSpace)
    most = space.size() / quickShare;
  if (options.evaluations > 0)
    most = std::min(most, static_cast<std::size_t>(options.evaluations));
  return most;
}

bool Searcher::isOver() const {
  std::chrono::duration<double> since = std::chrono::steady_clock::now() - begin;
  return count >= evaluationsOf(space, options) || result.isStopped ||
         (options.budgetSeconds > 0 && since.count() >= options.budgetSeconds);
}

void Searcher::measure(std::size_t point) {
  if (results[point] || isOver())
    return;
  const std::string &text = space[point].text;
  auto known = std::find_if(options.known.begin(), options.known.end(),
                            [&](const Evaluation &each) { return each.strategy == text; });
  if (known != options.known.end()) {
    results[point] = *known;
  } else {
    if (options.isStopped && options.isStopped()) {
      result.isStopped = true;
      return;
    }
    std::optional<std::size_t> fastest = best();
    results[point] = evaluator.evaluate(problem, text,
                                        fastest ? patience * results[*fastest]->seconds : 0);
    ++result.measured;
    if (options.onEvaluation)
      options.onEvaluation(*results[point]);
  }
  ++count;
  // Of a point that cannot run the forecast learns that it is slow.
  constexpr double failed = 10;
  forecast.add(point, isRight(point) ? results[point]->seconds : failed * space[point].estimate);
}

std::optional<std::size_t> Searcher::best() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < space.size(); ++i)
    if (isRight(i) && (!best || results[i]->seconds < results[*best]->seconds))
      best = i;
  return best;
}

std::vector<std::size_t> Searcher::unmeasured() const {
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < space.size(); ++i)
    if (!results[i])
      points.push_back(i);
  return points;
}

void Searcher::nameAhead(const std::vector<std::size_t> &order) const {
  if (!options.onAhead)
    return;
  std::vector<std::string> texts;
  for (std::size_t point : order)
    texts.push_back(space[point].text);
  options.onAhead(texts);
}

void Searcher::measureAll() {
  nameAhead(unmeasured());
  measure(space.pick()); // its time limits those of the others
  for (std::size_t i = 0; i < space.size(); ++i)
    measure(i);
}

std::vector<std::size_t> Searcher::firstPoints() const {
  std::vector<std::size_t> points{space.pick()};
  std::vector<std::string> strategies{space[space.pick()].strategy};
  for (std::size_t i = 0; i < space.size(); ++i)
    if (space[i].estimate <= worthATry * space[space.pick()].estimate &&
        std::find(strategies.begin(), strategies.end(), space[i].strategy) == strategies.end()) {
      points.push_back(i);
      strategies.push_back(space[i].strategy);
    }
  return points;
}

/// In turns the neighbour of the best, and the point of all, that the forecast likes most.
std::size_t Searcher::nextPoint() {
  std::vector<std::size_t> rest = unmeasured();
  std::vector<double> seconds = forecast.all();
  auto faster = [&](std::size_t a, std::size_t b) { return seconds[a] < seconds[b]; };
  std::stable_sort(rest.begin(), rest.end(), faster);
  nameAhead({rest.begin(),
             rest.begin() + static_cast<std::ptrdiff_t>(std::min(aheadCount, rest.size()))});
  if (count % drawnEvery == drawnEvery - 1)
    return rest[random() % ((rest.size() + 1) / 2)];
  std::optional<std::size_t> fastest = best();
  if (count % 2 == 1 || !fastest)
    return rest.front();
  std::vector<std::size_t> near = space.neighbours(*fastest);
  std::erase_if(near, [&](std::size_t i) { return results[i].has_value(); });
  return near.empty() ? rest.front() : *std::min_element(near.begin(), near.end(), faster);
}

void Searcher::measureFew() {
  std::vector<std::size_t> first = firstPoints();
  nameAhead(first);
  for (std::size_t point : first)
    measure(point);
  while (!isOver())
    measure(nextPoint());
}

/// Times the best in turns with the pick.
void Searcher::decide() {
  std::size_t pick = space.pick();
  result.best = result.untuned = results[pick].value_or(Evaluation{.strategy = space[pick].text});
  std::optional<std::size_t> fastest = best();
  if (!fastest)
    return;
  if (result.isStopped || options.finalists <= 0) {
    result.best = *results[*fastest];
    return;
  }
  std::vector<std::size_t> finalists;
  for (std::size_t i = 0; i < space.size(); ++i)
    if (isRight(i) && i != pick &&
        results[i]->seconds <= finalistWithin * results[*fastest]->seconds)
      finalists.push_back(i);
  std::stable_sort(finalists.begin(), finalists.end(), [&](std::size_t a, std::size_t b) {
    return results[a]->seconds < results[b]->seconds;
  });
  finalists.resize(std::min(finalists.size(), static_cast<std::size_t>(options.finalists)));
  if (isRight(pick))
    finalists.insert(finalists.begin(), pick);
  std::vector<std::string> texts;
  for (std::size_t point : finalists)
    texts.push_back(space[point].text);
  std::vector<Evaluation> again = evaluator.compare(problem, texts, options.rounds);
  const Evaluation *winner = nullptr;
  for (const Evaluation &each : again) {
    if (each.outcome != Outcome::ok)
      continue;
    bool isPick = each.strategy == space[pick].text;
    if (isPick)
      result.untuned = each;
    double wanted = winner && winner->strategy == space[pick].text ? 1 - gainThatCounts : 1;
    if (!winner || each.seconds < wanted * winner->seconds)
      winner = &each;
  }
  result.best = winner ? *winner : *results[*fastest];
}

SearchResult Searcher::run() {
  if (space.size() == 0)
    return result;
  evaluationsOf(space, options) >= space.size() ? measureAll() : measureFew();
  decide();
  return result;
}

SearchResult findBest(tuning::Evaluator &evaluator, const tuning::Problem &problem,
                      const Space &space, const SearchOptions &options) {
  return Searcher(evaluator, problem, space, options).run();
}

} // namespace scanc::search
