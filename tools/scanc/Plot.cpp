//===- Plot.cpp - Points and lines as SVG ---------------------------------===//
#include "tools/scanc/Plot.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace scanc::cli {

std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text) {
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    case '\'':
      result += "&#39;";
      break;
    default:
      // Other control characters have no place in XML.
      result += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return result;
}

namespace {

constexpr double width = 640, height = 360, left = 70, right = 180, top = 34, bottom = 46;
/// Told apart by those who see few colours too (Okabe and Ito).
constexpr const char *colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                   "#e69f00", "#56b4e9", "#000000", "#999933"};

/// Maps values to a stretch of pixels.
class Axis {
public:
  Axis(bool isLog, double from, double to) : isLog(isLog), from(from), to(to) {}

  bool takes(double value) const { return std::isfinite(value) && (!isLog || value > 0); }
  void include(double value) {
    low = std::min(low, scaled(value));
    high = std::max(high, scaled(value));
  }
  void finish() {
    if (low > high)
      low = high = 0;
    double room = low == high ? 0.5 : 0.03 * (high - low);
    low -= room;
    high += room;
  }
  double at(double value) const {
    return from + (scaled(value) - low) / (high - low) * (to - from);
  }
  /// Values to be marked: powers of ten, or about five round ones.
  std::vector<double> ticks() const {
    double step = 1;
    if (!isLog || high - low < 2) {
      double rough = (high - low) / 5, power = std::pow(10, std::floor(std::log10(rough)));
      step = power * (rough / power < 2 ? 2 : rough / power < 5 ? 5 : 10);
    }
    std::vector<double> values;
    for (double tick = std::ceil(low / step) * step; tick <= high + step * 1e-9; tick += step)
      values.push_back(isLog ? std::pow(10, tick) : tick);
    return values;
  }

private:
  double scaled(double value) const { return isLog ? std::log10(value) : value; }

  bool isLog;
  double from, to;
  double low = std::numeric_limits<double>::infinity(), high = -low;
};

} // namespace

/// The points of a line that both axes take.
static std::vector<PlotPoint> drawable(const std::vector<PlotPoint> &line, const Axis &x,
                                       const Axis &y) {
  std::vector<PlotPoint> points;
  std::copy_if(line.begin(), line.end(), std::back_inserter(points),
               [&](const PlotPoint &point) { return x.takes(point.x) && y.takes(point.y); });
  return points;
}

static std::string drawAxes(const Plot &plot, const Axis &x, const Axis &y) {
  constexpr double floor = height - bottom, end = width - right;
  std::string svg = fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" "
                                "stroke=\"#888\"/>\n",
                                left, top, end - left, floor - top);
  for (double tick : x.ticks())
    svg += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#ddd\"/>"
                       "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4:.3g}</text>\n",
                       x.at(tick), top, floor, floor + 14, tick);
  for (double tick : y.ticks())
    svg += fmt::format("<line x1=\"{1}\" x2=\"{2}\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" stroke=\"#ddd\"/>"
                       "<text x=\"{3}\" y=\"{0:.1f}\" text-anchor=\"end\">{4:.3g}</text>\n",
                       y.at(tick), left, end, left - 4, tick);
  return svg + fmt::format("<text x=\"{}\" y=\"18\" class=\"title\">{}</text>\n"
                           "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n"
                           "<text transform=\"translate(14 {}) rotate(-90)\" "
                           "text-anchor=\"middle\">{}</text>\n",
                           left, escaped(plot.title), (left + end) / 2, height - 10,
                           escaped(plot.xLabel), (top + floor) / 2, escaped(plot.yLabel));
}

static std::string drawSeries(const PlotSeries &series, std::size_t index, const Axis &x,
                              const Axis &y) {
  const char *colour = colours[index % std::size(colours)];
  double legend = top + 10 + 16 * static_cast<double>(index);
  std::string svg = fmt::format("<g class=\"series\" stroke=\"{0}\" fill=\"{0}\">\n"
                                "<rect x=\"{1}\" y=\"{2:.0f}\" width=\"10\" height=\"10\"/>"
                                "<text x=\"{3}\" y=\"{4:.0f}\" stroke=\"none\">{5}</text>\n",
                                colour, width - right + 10, legend - 9, width - right + 25, legend,
                                escaped(series.name));
  for (const std::vector<PlotPoint> &line : series.lines) {
    const std::vector<PlotPoint> points = drawable(line, x, y);
    std::string path;
    for (const PlotPoint &point : points)
      path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", x.at(point.x), y.at(point.y));
    if (points.size() > 1)
      svg += fmt::format("<polyline points=\"{}\" fill=\"none\"/>\n", path);
    for (const PlotPoint &point : points)
      if (series.hasDots)
        svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>{}</title></circle>\n",
                           x.at(point.x), y.at(point.y), escaped(point.note));
  }
  return svg + "</g>\n";
}

std::string Plot::svg() const {
  Axis x(isLogX, left, width - right), y(isLogY, height - bottom, top);
  for (const PlotSeries &each : series)
    for (const std::vector<PlotPoint> &line : each.lines)
      for (const PlotPoint &point : drawable(line, x, y)) {
        x.include(point.x);
        y.include(point.y);
      }
  x.finish();
  y.finish();
  std::string result = fmt::format("<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
                                   "role=\"img\">\n",
                                   width, height) +
                       drawAxes(*this, x, y);
  for (std::size_t i = 0; i < series.size(); ++i)
    result += drawSeries(series[i], i, x, y);
  return result + "</svg>\n";
}

} // namespace scanc::cli
