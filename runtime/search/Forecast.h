//===- search/Forecast.h - Estimates corrected by measurement -------------===//
#ifndef SCANC_RUNTIME_SEARCH_FORECAST_H
#define SCANC_RUNTIME_SEARCH_FORECAST_H

#include "runtime/search/Space.h"

namespace scanc::search {

/// What the cost model does not know of a problem, from the points that were measured: the
/// logarithm of measured over estimated time as a sum over a point's strategy and its fields, by
/// ridge regression.
class Forecast {
public:
  explicit Forecast(const Space &space);

  void add(std::size_t point, double seconds);
  /// Seconds of every point; the estimates as they are where nothing was added.
  std::vector<double> all() const;

private:
  /// A factor for the strategy; for each field of it one in its doublings and one in their square.
  std::vector<double> features(const Point &point) const;

  const Space &space;
  std::map<std::pair<std::string, std::string>, std::size_t>
      columns;                          ///< strategy, field; field "" first
  std::map<std::string, Point> centres; ///< of each strategy: its best estimate
  std::size_t width = 0;
  std::vector<double> normal; ///< of the regression, row by row
  std::vector<double> right;
};

} // namespace scanc::search

#endif // SCANC_RUNTIME_SEARCH_FORECAST_H
