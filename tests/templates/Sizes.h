//===- Sizes.h - Sizes at which tiles, warps and blocks end raggedly ------===//
#ifndef SCANC_TESTS_TEMPLATES_SIZES_H
#define SCANC_TESTS_TEMPLATES_SIZES_H

#include <cstdint>

namespace scanc::templates {

inline constexpr std::int64_t hostileSteps[] = {0,  1,  2,  3,  7,  8,   15,  16,
                                                17, 31, 33, 63, 65, 127, 129, 1000};
/// Groups of adjacent lanes.
inline constexpr std::int64_t hostileGroups[] = {1, 2, 3, 31, 32, 33, 65};

/// An error that the order of composition may cause, in units of the sum of the magnitudes of all
/// terms: far above f32's 6e-8 per operation, far below what a lost or doubled step would make.
inline constexpr double tolerance = 2e-5;

} // namespace scanc::templates

#endif // SCANC_TESTS_TEMPLATES_SIZES_H
