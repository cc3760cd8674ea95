//===- Statistics.cpp - Medians, and how sure they are --------------------===//
#include "runtime/tuning/Statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace scanc::tuning {

/// The value below which `part` of the samples lie, between two of them where it falls there.
static double quantile(std::span<const double> samples, double part) {
  if (samples.empty())
    return 0;
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  double at = part * static_cast<double>(sorted.size() - 1);
  auto below = static_cast<std::size_t>(at);
  std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

double median(std::span<const double> samples) { return quantile(samples, 0.5); }

double noise(std::span<const double> samples) {
  double middle = median(samples);
  return middle > 0 ? (quantile(samples, 0.75) - quantile(samples, 0.25)) / middle : 0;
}

/// How many of `count` sorted samples lie below the interval of the median: the most with which the
/// chance that the median is among them is 2.5 % at most (a binomial distribution of 1/2).
static std::size_t samplesBelow(std::size_t count) {
  double chance = std::pow(0.5, static_cast<double>(count)), sum = chance;
  std::size_t below = 0;
  while (below < count / 2 && sum <= 0.025) {
    ++below;
    chance *= static_cast<double>(count - below + 1) / static_cast<double>(below);
    sum += chance;
  }
  return below == 0 ? 0 : below - 1;
}

Estimate pairedRatio(std::span<const double> samples, std::span<const double> base) {
  std::vector<double> ratios(std::min(samples.size(), base.size()));
  if (ratios.empty())
    return {};
  for (std::size_t i = 0; i < ratios.size(); ++i)
    ratios[i] = samples[i] / base[i];
  std::sort(ratios.begin(), ratios.end());
  std::size_t below = samplesBelow(ratios.size());
  return {median(ratios), ratios[below], ratios[ratios.size() - 1 - below]};
}

} // namespace scanc::tuning
