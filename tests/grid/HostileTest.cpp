//===- HostileTest.cpp - One number that is none, and what it may reach ---===//
//
// A launch, and one more in which a single number of an input is a NaN, an infinity,
// a zero, too small to be normal, or a decay at its limits. Results that do not
// depend on it are the same bits; those that do are right where the reference is
// finite, and no finite numbers where it is not.
//
//===----------------------------------------------------------------------===//
#include "tests/grid/Strategies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <set>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

/// As decays 0, 1, one that nothing survives twice, a logarithm that leaves nothing.
const double hostile[] = {nan, inf, -inf, 0.0, -0.0, 0x1p-149, 1e-38, 1.0, -1e4};

/// The place of one element, by the names of its dimensions.
using Place = std::map<std::string, std::int64_t>;

class Hostile : public testing::TestWithParam<Strategic> {
protected:
  /// A launch and the element that is poisoned in it.
  struct Trial {
    std::size_t operand;
    std::int64_t element;
    double value;
  };
  std::vector<Trial> trials() const;
  Operands drawn() const { return drawnFor(one, subject, 7); }
  Place placeOf(std::size_t operand, std::int64_t element) const;
  const std::int32_t *offsets() const; ///< of segments; null of none
  std::int64_t segmentOf(const Place &place) const;
  std::int64_t chunkOf(const Place &place) const;
  bool mayReach(const Place &poison, const Place &result) const;
  std::int64_t count(std::size_t operand) const { return elementsOf(base.tensors[operand]); }
  void expectUnreached(const Trial &trial, const Operands &clean, const Operands &poisoned) const;
  void expectRight(const Trial &trial, const Operands &poisoned) const;

  const Strategic &one = GetParam();
  const Subject subject{one.text, one.strategy, one.bound};
  const std::vector<Parameter> &parameters = subject.signature();
  const Operands base = drawn();
};

Place Hostile::placeOf(std::size_t operand, std::int64_t element) const {
  Place place;
  const TensorRef &tensor = base.tensors[operand];
  for (std::size_t d = tensor.sizes.size(); d-- > 0; element /= tensor.sizes[d])
    place[parameters[operand].dims[d]] = element % tensor.sizes[d];
  return place;
}

const std::int32_t *Hostile::offsets() const {
  for (std::size_t p = 0; p < parameters.size(); ++p)
    if (!parameters[p].cuts.empty())
      return reinterpret_cast<const std::int32_t *>(base.storage[p].data());
  return nullptr;
}

/// The segment that a step is in, or that has this state; 0 where there are none.
std::int64_t Hostile::segmentOf(const Place &place) const {
  if (place.contains("S"))
    return place.at("S");
  std::int64_t segment = 0;
  while (offsets() && place.contains("T") && offsets()[segment + 1] <= place.at("T"))
    ++segment;
  return segment;
}

/// The first step of the chunk that a step is in.
std::int64_t Hostile::chunkOf(const Place &place) const {
  const std::int64_t begin = offsets() ? offsets()[segmentOf(place)] : 0;
  return begin + (place.at("T") - begin) / one.chunk * one.chunk;
}

bool Hostile::mayReach(const Place &poison, const Place &result) const {
  for (const std::string &dim : one.apart)
    if (poison.contains(dim) && result.contains(dim) && poison.at(dim) != result.at(dim))
      return false;
  if (segmentOf(poison) != segmentOf(result))
    return false;
  return !poison.contains("T") || !result.contains("T") || result.at("T") >= chunkOf(poison);
}

/// Each hostile value at both ends of time and of tiles, and in initial states.
std::vector<Hostile::Trial> Hostile::trials() const {
  std::vector<Trial> list;
  std::mt19937_64 random(11);
  const std::int64_t T = one.sizes.at("T");
  const std::set<std::int64_t> times{0, std::min(one.tile, T) - 1, std::min(one.tile, T - 1), T / 2,
                                     T - 1};
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (!subject.isInput(p) || !parameters[p].cuts.empty())
      continue;
    const auto &dims = parameters[p].dims;
    const bool varies = std::find(dims.begin(), dims.end(), "T") != dims.end();
    for (double value : hostile)
      for (std::int64_t time : varies ? times : std::set<std::int64_t>{0}) {
        // Some element of that step.
        std::int64_t element = 0;
        for (std::size_t d = 0; d < dims.size(); ++d) {
          const std::int64_t size = base.tensors[p].sizes[d];
          element =
              element * size + (dims[d] == "T" ? time : static_cast<std::int64_t>(random() % size));
        }
        list.push_back({p, element, value});
      }
  }
  std::shuffle(list.begin(), list.end(), random);
  if (!isLongForm())
    list.resize(std::min<std::size_t>(list.size(), 64));
  return list;
}

void Hostile::expectUnreached(const Trial &trial, const Operands &clean,
                              const Operands &poisoned) const {
  const Place poison = placeOf(trial.operand, trial.element);
  std::int64_t unreached = 0;
  for (std::size_t r = 0; r < parameters.size(); ++r) {
    const std::int64_t size = sizeOf(parameters[r].dtype);
    for (std::int64_t i = 0; !subject.isInput(r) && i < count(r); ++i) {
      if (mayReach(poison, placeOf(r, i)))
        continue;
      ++unreached;
      ASSERT_EQ(std::memcmp(clean.storage[r].data() + i * size,
                            poisoned.storage[r].data() + i * size, size),
                0)
          << parameters[r].name << "[" << i << "] has changed";
    }
  }
  EXPECT_GT(unreached, 0);
}

void Hostile::expectRight(const Trial &trial, const Operands &poisoned) const {
  const Place poison = placeOf(trial.operand, trial.element);
  const auto expected = subject.reference(one.sizes, poisoned);
  std::size_t result = 0;
  for (std::size_t r = 0; r < parameters.size(); ++r) {
    if (subject.isInput(r))
      continue;
    const ReferenceTensor &reference = expected[result++];
    const Dtype dtype = parameters[r].dtype;
    for (std::size_t i = 0; i < reference.values.size(); ++i) {
      const double got = loadElement(poisoned.storage[r].data() + i * sizeOf(dtype), dtype);
      const double wanted = reference.values[i];
      if (one.spreads && !std::isfinite(trial.value) && !std::isfinite(got) &&
          mayReach(poison, placeOf(r, i)))
        continue;
      if (!std::isfinite(wanted)) {
        ASSERT_FALSE(std::isfinite(got))
            << parameters[r].name << "[" << i << "] is " << got << " where it should be " << wanted;
      } else if (const double bound = boundOf(one, subject, reference, i); std::isfinite(bound)) {
        ASSERT_LE(std::fabs(got - wanted), bound)
            << parameters[r].name << "[" << i << "] is " << got << " where it should be " << wanted;
      }
    }
  }
}

TEST_P(Hostile, valuesReachWhatDependsOnThem) {
  Operands clean = drawn();
  auto done = subject.launch(clean.tensors, 3);
  ASSERT_TRUE(done) << render(done.error());
  const std::vector<Trial> list = trials();
  EXPECT_GE(list.size(), 60);
  for (const Trial &trial : list) {
    const Dtype dtype = parameters[trial.operand].dtype;
    SCOPED_TRACE(parameters[trial.operand].name + "[" + std::to_string(trial.element) + "] is " +
                 std::to_string(trial.value));
    Operands poisoned = drawn();
    const bool isSigned = one.ofMagnitude == 0 || parameters[trial.operand].name == "g";
    storeElement(poisoned.storage[trial.operand].data() + trial.element * sizeOf(dtype), dtype,
                 isSigned ? trial.value : std::fabs(trial.value));
    done = subject.launch(poisoned.tensors, 3);
    ASSERT_TRUE(done) << render(done.error());
    expectUnreached(trial, clean, poisoned);
    expectRight(trial, poisoned);
    if (HasFatalFailure())
      return;
  }
}

INSTANTIATE_TEST_SUITE_P(Strategies, Hostile, testing::ValuesIn(strategics()),
                         [](const auto &info) { return info.param.name; });

} // namespace
