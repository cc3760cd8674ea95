//===- search/Space.h - Candidates with their neighbours ------------------===//
#ifndef SCANC_RUNTIME_SEARCH_SPACE_H
#define SCANC_RUNTIME_SEARCH_SPACE_H

#include "scanc/Compile.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace scanc::search {

/// A candidate with the fields that its text pins.
struct Point {
  std::string text;     ///< "blelloch(lanes=4, ring=3)"
  std::string strategy; ///< "blelloch"
  std::map<std::string, std::int64_t> fields;
  double estimate = 0; ///< seconds, of the cost model
  bool isPick = false; ///< of the cost model
};

/// The points of a problem, in the order of their estimates.
class Space {
public:
  /// `candidates` are those of `searchSpace`.
  explicit Space(std::span<const Candidate> candidates);

  std::size_t size() const { return points.size(); }
  const Point &operator[](std::size_t i) const { return points[i]; }
  /// What the cost model takes; the first point where it marked none.
  std::size_t pick() const { return picked; }
  /// The points of the same strategy that differ in one field, by the next larger or smaller value
  /// that there is, or in two fields, of which one is the next larger and the other the next
  /// smaller.
  std::vector<std::size_t> neighbours(std::size_t i) const;

private:
  using Fields = std::map<std::string, std::int64_t>;
  /// The nearest values of `field` on either side of `fields`', among points that are equal
  /// otherwise.
  std::vector<Fields> moved(const std::string &strategy, const Fields &fields,
                            const std::string &field) const;

  std::vector<Point> points;
  std::size_t picked = 0;
  std::map<std::pair<std::string, Fields>, std::size_t> places;
  std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>> values; ///< ascending
};

} // namespace scanc::search

#endif // SCANC_RUNTIME_SEARCH_SPACE_H
