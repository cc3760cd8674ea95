//===- RunReport.h - What scanc run prints ----------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_RUNREPORT_H
#define SCANC_TOOLS_SCANC_RUNREPORT_H

#include "runtime/tuning/Comparison.h"
#include "tools/scanc/Operands.h"
#include "tools/scanc/Timing.h"

namespace scanc::cli {

class RunReport {
public:
  RunReport(const Kernel &kernel, std::map<std::string, std::int64_t> sizes, Operands &operands)
      : kernel(kernel), sizes(std::move(sizes)), operands(operands) {}

  std::vector<tuning::Comparison> comparisons; ///< empty: not checked
  std::optional<Timing> timing;

  std::string text();
  std::string json();

private:
  std::string summaries();

  const Kernel &kernel;
  std::map<std::string, std::int64_t> sizes;
  Operands &operands;
};

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_RUNREPORT_H
