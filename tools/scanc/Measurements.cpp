//===- Measurements.cpp - Records of a sweep, read back -------------------===//
#include "tools/scanc/Measurements.h"

#include "tools/scanc/Flags.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace scanc::cli {

using Json = nlohmann::json;

std::string Measurement::sizesText() const {
  std::string text;
  for (const auto &[name, size] : sizes)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, size);
  return text;
}

std::string Measurement::subject() const {
  std::set<std::string> types;
  for (const auto &[name, type] : dtypes)
    types.insert(type);
  std::string text = kernel;
  for (const std::string &type : types)
    text += " " + type;
  return fmt::format("{}, {}", text, device.empty() ? target : device);
}

/// A field, where the record has it; a number that is no number counts as 0.
template <typename T>
static void take(const Json &record, const char *name, T &value) {
  if (auto found = record.find(name); found != record.end() && !found->is_null())
    found->get_to(value);
}

/// Nothing where a field that every record has is missing, or is of another type.
static std::optional<Measurement> measurementOf(const Json &record) {
  try {
    Measurement result;
    record.at("kernel").get_to(result.kernel);
    record.at("sizes").get_to(result.sizes);
    record.at("strategy").get_to(result.strategy);
    record.at("outcome").get_to(result.outcome);
    take(record, "seconds", result.seconds);
    take(record, "dtypes", result.dtypes);
    take(record, "target", result.target);
    take(record, "device", result.device);
    take(record, "policy", result.policy);
    take(record, "estimate", result.estimate);
    take(record, "bytes", result.bytes);
    take(record, "flops", result.flops);
    take(record, "noise", result.noise);
    return result;
  } catch (const Json::exception &) {
    return std::nullopt;
  }
}

/// The fields of one line of CSV, quoted as RFC 4180 says. Moves `text` behind its end.
static std::vector<std::string> takeCsvLine(std::string_view &text) {
  std::vector<std::string> fields(1);
  bool isQuoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == '"' && isQuoted && at + 1 < text.size() && text[at + 1] == '"')
      fields.back() += text[++at];
    else if (c == '"')
      isQuoted = !isQuoted;
    else if (c == ',' && !isQuoted)
      fields.emplace_back();
    else if (c == '\n' && !isQuoted)
      break;
    else if (c != '\r' || isQuoted)
      fields.back() += c;
  }
  text.remove_prefix(std::min(at + 1, text.size()));
  return fields;
}

/// "B=8,T=4096" as an object; numbers where `value` makes them so.
template <typename Value>
static Json pairsOf(const std::string &text, Value value) {
  Json object = Json::object();
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find_first_of(", "));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty())
      object[std::string(pair.substr(0, equals))] =
          value(pair.substr(std::min(equals + 1, pair.size())));
  }
  return object;
}

/// A number, or nothing.
static Json numberOf(std::string_view text) {
  double value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size() ? Json(value) : Json();
}

static std::vector<Json> csvRecords(std::string_view text) {
  const std::vector<std::string> names = takeCsvLine(text);
  std::vector<Json> records;
  while (!text.empty()) {
    const std::vector<std::string> fields = takeCsvLine(text);
    if (fields == std::vector<std::string>(1))
      continue; // an empty line
    Json record = Json::object();
    for (std::size_t i = 0; i < std::min(names.size(), fields.size()); ++i) {
      const std::string &name = names[i];
      if (name == "sizes")
        record[name] = pairsOf(fields[i], numberOf);
      else if (name == "dtypes")
        record[name] = pairsOf(fields[i], [](std::string_view type) { return Json(type); });
      else if (name == "seconds" || name == "estimate" || name == "bytes" || name == "flops" ||
               name == "noise")
        record[name] = numberOf(fields[i]);
      else
        record[name] = fields[i];
    }
    records.push_back(std::move(record));
  }
  return records;
}

static std::vector<Json> lineRecords(std::string_view text) {
  std::vector<Json> records;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos)
      records.push_back(Json::parse(line, nullptr, /*allow_exceptions=*/false));
  }
  return records;
}

Result<Measurements> readMeasurements(std::string_view text, const std::string &place) {
  std::size_t first = text.find_first_not_of(" \t\r\n");
  std::vector<Json> records;
  if (first != std::string_view::npos && text[first] == '[') {
    if (Json list = Json::parse(text, nullptr, /*allow_exceptions=*/false); list.is_array())
      records.assign(list.begin(), list.end());
  } else if (first != std::string_view::npos && text[first] == '{') {
    records = lineRecords(text);
  } else {
    records = csvRecords(text);
  }
  Measurements result;
  for (const Json &record : records) {
    // A pick repeats what an evaluation said.
    if (record.is_object() && record.value("kind", Json("evaluation")) == "pick")
      continue;
    if (std::optional<Measurement> measurement = measurementOf(record))
      result.list.push_back(std::move(*measurement));
    else
      ++result.skipped;
  }
  if (!result.list.empty())
    return result;
  Error error = makeError("SC8021", ErrorKind::input,
                          fmt::format("expected records of measurements, got none ({} that cannot be read)",
                                      result.skipped),
                          "give what scanc tune --export wrote, as csv or json, or its lines of results");
  error.place.file = place;
  return error;
}

} // namespace scanc::cli
