//===- Numbers.h - Quantities as people read them ---------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_NUMBERS_H
#define SCANC_TOOLS_SCANC_NUMBERS_H

#include <string>

namespace scanc::cli {

/// "12.3 us"; three digits.
std::string secondsText(double seconds);
/// "1.50 GB": powers of 1000.
std::string bytesText(double bytes);
/// "1.5 G".
std::string countText(double count);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_NUMBERS_H
