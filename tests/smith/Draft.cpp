//===- Draft.cpp - Dimensions, declarations, statements -------------------===//
#include "tests/smith/Draft.h"

#include <algorithm>

namespace scanc::smith {

static std::string bracketed(const std::vector<std::string> &names) {
  std::string list;
  for (const std::string &name : names)
    list += (list.empty() ? "[" : ", ") + name;
  return list.empty() ? "" : list + "]";
}

void Draft::drawScan(std::vector<std::string> scanned, bool mayBePacked) {
  lanes = std::move(scanned);
  packed = mayBePacked && chance(25);
  reverse = chance(25);
  order = pick({Order::afterFirstLane, Order::afterFirstLane, Order::last, Order::last, Order::afterLanes,
                Order::first});
  program.sizes["B"] = pick<std::int64_t>({1, 1, 2, 3});
  if (packed) {
    input("i32", "[S+1]", "cu");
    program.sizes["S"] = pick<std::int64_t>({1, 2, 3, 9, 40});
  }
}

void Draft::drawTime(std::int64_t numbers) {
  constexpr std::int64_t most = 40000; // numbers of all steps together
  std::int64_t &steps = program.sizes["T"];
  do
    steps = pick<std::int64_t>({0,  1,  2,  3,  4,  7,   8,   9,   15,  16,  17,  31,  32,  33,  47, 63,
                                64, 65, 79, 95, 99, 127, 128, 129, 255, 257, 300, 511, 513, 700, 1025});
  while (steps > 4 && steps * numbers > most);
}

void Draft::drawTrial(std::initializer_list<const char *> mayBeOpen) {
  for (const char *name : mayBeOpen)
    if (chance(40) && program.sizes.count(name))
      program.open.insert(name);
  program.gap = chance(60) ? 0 : pick<std::int64_t>({1, 2, 3, 4, 8});
}

std::string Draft::dims(bool time, const std::vector<std::string> &indices, bool shared) {
  Order here = chance(80) ? order : pick({Order::afterFirstLane, Order::afterLanes, Order::first, Order::last});
  std::vector<std::string> names = lanes;
  if (shared && !names.empty() && chance(15))
    names.erase(names.begin() + below(names.size()));
  std::size_t at = here == Order::first             ? 0
                   : here == Order::afterFirstLane  ? std::min<std::size_t>(1, names.size())
                   : here == Order::afterLanes      ? names.size()
                                                    : names.size() + indices.size();
  names.insert(names.end(), indices.begin(), indices.end());
  if (time)
    names.insert(names.begin() + at, "T");
  return bracketed(names);
}

std::string Draft::stateDims(const std::vector<std::string> &indices) const {
  std::vector<std::string> names = lanes;
  if (packed)
    names.insert(names.begin(), "S");
  names.insert(names.end(), indices.begin(), indices.end());
  return bracketed(names);
}

std::string Draft::input(const std::string &type, const std::string &dims, const std::string &prefix) {
  std::string name = prefix == "cu" ? prefix : prefix + std::to_string(count++);
  inputs += (inputs.empty() ? "" : ", ") + name + ": " + type + dims;
  return name;
}

void Draft::result(const std::string &name, const std::string &type, const std::string &dims) {
  results += (results.empty() ? "" : ", ") + name + ": " + type + dims;
}

void Draft::ends(const std::string &state, const std::string &type, const std::string &narrow,
                 const std::vector<std::string> &indices) {
  const auto typeOfEnd = [&] { return chance(70) ? type : narrow; };
  if (step || chance(35)) {
    std::string first = input(typeOfEnd(), stateDims(indices), state + "0_");
    say("init " + state + " = " + first);
  }
  if (step || chance(35)) {
    result(state + "T", typeOfEnd(), stateDims(indices));
    say("final " + state + " -> " + state + "T");
  }
}

std::string Draft::read(const std::string &name, bool time, const std::string &index, bool mayLookBack) {
  std::string inside = time ? "t" : "";
  if (time && mayLookBack && chance(20))
    inside += "-" + std::to_string(pick({1, 2, 3, 7}));
  if (!index.empty())
    inside += (inside.empty() ? "" : ",") + index;
  return inside.empty() ? name : name + "[" + inside + "]";
}

RandomProgram Draft::finish(const std::string &attributes) {
  std::string head = reverse ? "reverse scan T as t" : "scan T as t";
  for (std::size_t i = 0; i < lanes.size(); ++i)
    head += (i ? ", " : " over ") + lanes[i];
  if (packed)
    head += " reset at cu";
  program.step = step;
  program.text = attributes + "kernel smith_" + std::to_string(program.seed) + "(" + inputs + ")\n    -> (" +
                 results + ") {\n  " + head + " {\n" + body + "  }\n}\n";
  return program;
}

} // namespace scanc::smith
