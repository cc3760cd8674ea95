//===- search/Space.cpp - Candidates with their neighbours ----------------===//
#include "runtime/search/Space.h"

#include <algorithm>
#include <charconv>

namespace scanc::search {

/// The fields in the brackets of "blelloch(lanes=4, ring=3)".
static std::map<std::string, std::int64_t> fieldsOf(std::string_view text) {
  std::map<std::string, std::int64_t> fields;
  std::size_t at = text.find('(');
  while (at != std::string_view::npos && at < text.size()) {
    std::size_t name = text.find_first_not_of("(, ", at), equals = text.find('=', at);
    if (equals == std::string_view::npos)
      break;
    std::int64_t value = 0;
    std::from_chars(text.data() + equals + 1, text.data() + text.size(), value);
    fields[std::string(text.substr(name, equals - name))] = value;
    at = text.find(',', equals);
  }
  return fields;
}

Space::Space(std::span<const Candidate> candidates) {
  for (const Candidate &candidate : candidates) {
    const std::string &text = candidate.strategy;
    Point point{text, text.substr(0, text.find('(')), fieldsOf(text), candidate.seconds,
                candidate.chosen};
    if (point.isPick)
      picked = points.size();
    places.emplace(std::pair(point.strategy, point.fields), points.size());
    for (const auto &[name, value] : point.fields)
      values[{point.strategy, name}].push_back(value);
    points.push_back(std::move(point));
  }
  for (auto &[field, all] : values) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }
}

std::vector<Space::Fields> Space::moved(const std::string &strategy, const Fields &fields,
                                        const std::string &field) const {
  const std::vector<std::int64_t> &all = values.at({strategy, field});
  auto here = std::lower_bound(all.begin(), all.end(), fields.at(field));
  std::vector<Fields> found;
  auto take = [&](std::int64_t value) {
    Fields other = fields;
    other[field] = value;
    found.push_back(std::move(other));
  };
  if (here + 1 != all.end())
    take(here[1]);
  if (here != all.begin())
    take(here[-1]);
  return found;
}

std::vector<std::size_t> Space::neighbours(std::size_t i) const {
  const Point &point = points[i];
  std::vector<std::size_t> found;
  auto add = [&](const Fields &fields) {
    auto place = places.find({point.strategy, fields});
    if (place != places.end() && place->second != i)
      found.push_back(place->second);
  };
  for (const auto &[name, value] : point.fields)
    for (const Fields &once : moved(point.strategy, point.fields, name)) {
      add(once);
      for (const auto &[other, unused] : point.fields)
        if (other != name)
          for (const Fields &twice : moved(point.strategy, once, other))
            if ((once.at(name) > value) != (twice.at(other) > point.fields.at(other)))
              add(twice);
    }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

} // namespace scanc::search
