//===- TuneReport.h - What a search found, for people and for tables ------===//
#ifndef SCANC_TOOLS_SCANC_TUNEREPORT_H
#define SCANC_TOOLS_SCANC_TUNEREPORT_H

#include "runtime/search/Search.h"
#include "runtime/wisdom/Record.h"

namespace scanc::cli {

/// "decay B=8,T=4096: blelloch(ring=3) 12.3 us, untuned 14.1 us (1.15x), 30 of 354 measured".
std::string pickLine(const rt::Record &pick, std::size_t points);

/// The records as one JSON list, or as lines of values set off by commas, sizes and types in one field each.
std::string recordsJson(const std::vector<rt::Record> &records);
std::string recordsCsv(const std::vector<rt::Record> &records);

/// Runs a search over each recorded problem and says how near to the best of all it comes, with how few
/// evaluations, and how near the cost model alone.
std::string simulate(const std::vector<rt::Record> &records, const search::SearchOptions &options);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_TUNEREPORT_H
