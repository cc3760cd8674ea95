//===- search/Forecast.cpp - Estimates corrected by measurement -----------===//
#include "runtime/search/Forecast.h"

#include <cmath>

namespace scanc::search {

/// Weights that hold factors at 1: of a strategy as a whole, and of its fields, which are many.
static constexpr double ridgeOfStrategy = 0.05, ridgeOfField = 0.3;

Forecast::Forecast(const Space &space) : space(space) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    const Point &point = space[i];
    centres.emplace(point.strategy, point);
    if (columns.try_emplace({point.strategy, ""}, width).second)
      ++width;
    for (const auto &[field, value] : point.fields)
      if (columns.try_emplace({point.strategy, field}, width).second)
        width += 2;
  }
  normal.assign(width * width, 0);
  right.assign(width, 0);
  for (const auto &[key, column] : columns)
    if (key.second.empty())
      normal[column * width + column] = ridgeOfStrategy;
    else
      for (std::size_t i : {column, column + 1})
        normal[i * width + i] = ridgeOfField;
}

std::vector<double> Forecast::features(const Point &point) const {
  std::vector<double> row(width, 0);
  row[columns.at({point.strategy, ""})] = 1;
  const Point &centre = centres.at(point.strategy);
  for (const auto &[field, value] : point.fields) {
    auto column = columns.at({point.strategy, field});
    auto from = centre.fields.find(field);
    double base = from == centre.fields.end() ? 0 : static_cast<double>(from->second);
    double doublings = std::log2((1 + static_cast<double>(value)) / (1 + base));
    row[column] = doublings;
    row[column + 1] = doublings * doublings;
  }
  return row;
}

void Forecast::add(std::size_t point, double seconds) {
  std::vector<double> row = features(space[point]);
  double ratio = std::log(seconds / space[point].estimate);
  for (std::size_t i = 0; i < width; ++i) {
    if (row[i] == 0)
      continue;
    right[i] += row[i] * ratio;
    for (std::size_t j = 0; j < width; ++j)
      normal[i * width + j] += row[i] * row[j];
  }
}

/// Solves for a positive definite matrix, by Cholesky's method.
static std::vector<double> solve(std::vector<double> matrix, std::vector<double> right) {
  std::size_t n = right.size();
  for (std::size_t k = 0; k < n; ++k) {
    double pivot = std::sqrt(matrix[k * n + k]);
    for (std::size_t i = k; i < n; ++i)
      matrix[i * n + k] /= pivot;
    for (std::size_t j = k + 1; j < n; ++j)
      for (std::size_t i = j; i < n; ++i)
        matrix[i * n + j] -= matrix[i * n + k] * matrix[j * n + k];
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k)
      right[i] -= matrix[i * n + k] * right[k];
    right[i] /= matrix[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k)
      right[i] -= matrix[k * n + i] * right[k];
    right[i] /= matrix[i * n + i];
  }
  return right;
}

std::vector<double> Forecast::all() const {
  std::vector<double> factors = solve(normal, right), seconds;
  for (std::size_t i = 0; i < space.size(); ++i) {
    std::vector<double> row = features(space[i]);
    double ratio = 0;
    for (std::size_t k = 0; k < width; ++k)
      ratio += row[k] * factors[k];
    seconds.push_back(space[i].estimate * std::exp(ratio));
  }
  return seconds;
}

} // namespace scanc::search
