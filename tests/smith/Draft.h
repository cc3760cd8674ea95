//===- Draft.h - A program under construction -------------------*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_DRAFT_H
#define SCANC_TESTS_SMITH_DRAFT_H

#include "tests/smith/Smith.h"

#include <random>
#include <vector>

namespace scanc::smith {

/// Draws, and keeps what has been declared and said. Draws are the same with every standard library.
class Draft {
public:
  explicit Draft(std::uint64_t seed) : random(seed) { program.seed = seed; }

  std::uint64_t below(std::uint64_t count) { return random() % count; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  template <typename T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + below(choices.size()));
  }
  std::string word(std::initializer_list<const char *> choices) { return pick(choices); }

  /// Lanes, where time stands in memory, walked from which end, cut into segments or not, and the sizes of these.
  void drawScan(std::vector<std::string> lanes, bool mayBePacked);
  /// Steps of time, as many as keep `numbers` for each step within what is tried in a moment.
  void drawTime(std::int64_t numbers);
  /// How it is tried: names whose sizes are not told among `mayBeOpen`, gaps.
  void drawTrial(std::initializer_list<const char *> mayBeOpen);

  /// Dimensions in memory order, of a tensor that may lack a lane where `shared`.
  std::string dims(bool time, const std::vector<std::string> &indices, bool shared = false);
  /// Dimensions of an initial or a final state.
  std::string stateDims(const std::vector<std::string> &indices) const;
  /// Declares an input and gives its name.
  std::string input(const std::string &type, const std::string &dims, const std::string &prefix = "p");
  std::string input(bool time, const std::vector<std::string> &indices, const std::string &type) {
    return input(type, dims(time, indices, true));
  }
  void result(const std::string &name, const std::string &type, const std::string &dims);
  void say(const std::string &statement) { body += "    " + statement + "\n"; }
  /// Declares and says an initial and a final state, each now and then; of `type`, or of `narrow` at times.
  void ends(const std::string &state, const std::string &type, const std::string &narrow,
            const std::vector<std::string> &indices);
  /// "name[t-2,n]", with a window now and then where `mayLookBack`.
  std::string read(const std::string &name, bool time, const std::string &index, bool mayLookBack = false);

  RandomProgram finish(const std::string &attributes = "");

  RandomProgram program;
  std::vector<std::string> lanes;
  bool packed = false, reverse = false, step = false;

private:
  std::mt19937_64 random;
  enum class Order { afterFirstLane, afterLanes, first, last } order = Order::afterFirstLane;
  std::string inputs, results, body;
  int count = 0;
};

/// Elementwise transitions: one to three states in a cascade, or two that read each other.
RandomProgram elementwise(std::uint64_t seed);
/// Rows times weights that all steps have, which a recurrence of each column takes in.
RandomProgram layers(std::uint64_t seed);
/// One state that a matrix multiplies, in any semiring, by itself or with other columns.
RandomProgram dense(std::uint64_t seed);
/// A matrix of state that takes in outer products, decays, is corrected and read out.
RandomProgram outerProducts(std::uint64_t seed);

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_DRAFT_H
