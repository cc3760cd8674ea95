//===- Plot.h - Points and lines as SVG -------------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_PLOT_H
#define SCANC_TOOLS_SCANC_PLOT_H

#include <string>
#include <vector>

namespace scanc::cli {

/// `text` where HTML and SVG expect characters, in attributes too.
std::string escaped(const std::string &text);

struct PlotPoint {
  double x, y;
  std::string note; ///< shown where the mouse rests
};

/// Lines of one colour and name; a line of one point is a dot.
struct PlotSeries {
  std::string name;
  std::vector<std::vector<PlotPoint>> lines;
  bool hasDots = true;
};

struct Plot {
  std::string title, xLabel, yLabel;
  bool isLogX = true, isLogY = true;
  std::vector<PlotSeries> series;

  /// One <svg> element, with a legend. On logarithmic axes what is not above 0 is left out.
  std::string svg() const;
};

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_PLOT_H
