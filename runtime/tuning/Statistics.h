//===- tuning/Statistics.h - Medians, and how sure they are -----*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_STATISTICS_H
#define SCANC_RUNTIME_TUNING_STATISTICS_H

#include <span>

namespace scanc::tuning {

/// The median, and the interquartile range over it. Of no sample both are 0.
double median(std::span<const double> samples);
double noise(std::span<const double> samples);

/// A quantity with the interval that holds it with 95 % confidence.
struct Estimate {
  double value = 0, low = 0, high = 0;
};

/// `samples[i] / base[i]`, measured in turns: the median of the ratios, between order statistics of
/// theirs, so that nothing is assumed of how noise is distributed. Of fewer than 6 samples the
/// interval is their range, and says less. Both have the same number of samples.
Estimate pairedRatio(std::span<const double> samples, std::span<const double> base);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_STATISTICS_H
