//===- RunReport.cpp - A run as text and as JSON --------------------------===//
#include "tools/scanc/RunReport.h"

#include "tools/scanc/Numbers.h"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <nlohmann/json.hpp>

namespace scanc::cli {

/// Each result with its range, where nothing was checked.
std::string RunReport::summaries() {
  std::string text;
  const std::vector<Parameter> &signature = operands.signature();
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (signature[i].role != Parameter::Role::output)
      continue;
    NpyTensor &tensor = operands.tensor(i);
    Dtype dtype = tensor.dtype == Dtype::c64 ? Dtype::f32 : tensor.dtype;
    double low = std::numeric_limits<double>::infinity(), high = -low;
    std::int64_t unordered = 0;
    const auto *data = reinterpret_cast<const char *>(tensor.words.data());
    for (std::int64_t at = 0; at < tensor.bytes() / sizeOf(dtype); ++at) {
      double value = loadElement(data + at * sizeOf(dtype), dtype);
      unordered += std::isnan(value) ? 1 : 0;
      low = std::fmin(low, value);
      high = std::fmax(high, value);
    }
    text += fmt::format("{:<10} {}[{}]", signature[i].name, spelling(tensor.dtype),
                        fmt::join(tensor.sizes, ", "));
    text += low <= high ? fmt::format(" from {:.6g} to {:.6g}", low, high) : "";
    text += unordered > 0 ? fmt::format(", {} NaN\n", unordered) : "\n";
  }
  return text;
}

std::string RunReport::text() {
  std::string text = fmt::format("kernel     {}\ntarget     {}\nstrategy   {}\nsizes     ",
                                 kernel.program().name, kernel.target(), kernel.program().strategy);
  for (const auto &[name, size] : sizes)
    text += fmt::format(" {}={}", name, size);
  text += "\n";
  if (comparisons.empty())
    text += summaries();
  for (const tuning::Comparison &each : comparisons)
    text += fmt::format(
        "{:<10} max error {:.3g}, {:.2g} of its bound; relative L2 {:.3g}; {} elements\n",
        each.name, each.maxError, each.maxErrorOverBound, each.relativeL2, each.elements);
  if (timing)
    text += fmt::format("time       {}, {:.4g} GB/s of {} (median of {} x {} launches, warm)\n",
                        secondsText(timing->seconds),
                        static_cast<double>(operands.bytes()) / timing->seconds * 1e-9,
                        bytesText(static_cast<double>(operands.bytes())), timing->samples,
                        timing->launchesPerSample);
  return text;
}

std::string RunReport::json() {
  using Json = nlohmann::ordered_json;
  Json json = {{"schema", 1},
               {"kernel", kernel.program().name},
               {"target", std::string(kernel.target())},
               {"strategy", kernel.program().strategy},
               {"sizes", sizes},
               {"bytes", operands.bytes()}};
  for (const tuning::Comparison &each : comparisons)
    json["check"].push_back({{"name", each.name},
                             {"maxError", each.maxError},
                             {"maxErrorOverBound", each.maxErrorOverBound},
                             {"relativeL2", each.relativeL2},
                             {"elements", each.elements},
                             {"wrong", each.wrong},
                             {"verdict", !each.checkable  ? "reference not finite"
                                         : each.wrong > 0 ? "wrong"
                                                          : "within bounds"}});
  if (timing)
    json["time"] = {{"seconds", timing->seconds},
                    {"samples", timing->samples},
                    {"launchesPerSample", timing->launchesPerSample}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace scanc::cli
