//===- Smith.cpp - Choose parts, write them down --------------------------===//
#include "tests/smith/Smith.h"

#include <random>
#include <vector>

namespace scanc::smith {

namespace {

class Smith {
public:
  explicit Smith(std::uint64_t seed)
      : random(seed), isComplex(seed % 9 == 5), packed(seed % 4 == 0) {}
  RandomProgram run();

private:
  template <typename T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + std::uniform_int_distribution<std::size_t>(0, choices.size() - 1)(random));
  }
  bool chance(int percent) { return pick({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) * 10 <= percent; }
  /// Of a real tensor; f64 does not mix with c64.
  std::string dtype() {
    return isComplex ? pick<const char *>({"f32", "f32", "bf16", "f16"})
                     : pick<const char *>({"f32", "f32", "bf16", "f16", "f64"});
  }
  std::string dims(bool time, bool index);
  std::string input(bool time, bool index, const std::string &type);
  std::string input(bool time, bool index) { return input(time, index, dtype()); }
  std::string complexRead(bool index);
  std::string read(const std::string &name, bool time, bool index);
  std::string term(bool index);
  std::string coefficient(bool index);
  void state(int number);
  void outputs();

  std::mt19937_64 random;
  const bool isComplex; ///< whether states are c64
  std::vector<std::string> lanes;
  bool packed, indexed = false, timeLast = false;
  std::vector<std::string> states; ///< as written at [t]
  std::string inputs, results, body;
  int count = 0;
};

} // namespace

/// Dimensions in memory order; a tensor may lack lanes, a result may not.
std::string Smith::dims(bool time, bool index) {
  std::string list;
  auto add = [&](const std::string &name) { list += (list.empty() ? "" : ", ") + name; };
  bool last = chance(80) ? timeLast : !timeLast;
  if (!lanes.empty())
    add(lanes[0]);
  if (time && !last)
    add("T");
  if (lanes.size() > 1)
    add(lanes[1]);
  if (index)
    add("N");
  if (time && last)
    add("T");
  return list.empty() ? "" : "[" + list + "]";
}

/// Declares an input and gives its name.
std::string Smith::input(bool time, bool index, const std::string &type) {
  std::string name = "p" + std::to_string(count++);
  inputs += (inputs.empty() ? "" : ", ") + name + ": " + type + dims(time, index);
  return name;
}

std::string Smith::complexRead(bool index) {
  bool time = chance(80), own = index && chance(60);
  return read(input(time, own, "c64"), time, own);
}

std::string Smith::read(const std::string &name, bool time, bool index) {
  std::string inside = time ? "t" : "";
  if (time && chance(20))
    inside += "-" + std::to_string(pick({1, 2, 3, 7}));
  if (index)
    inside += inside.empty() ? "n" : ",n";
  return inside.empty() ? name : name + "[" + inside + "]";
}

/// Something bounded that does not depend on this state.
std::string Smith::term(bool index) {
  bool time = chance(80), own = index && chance(60);
  std::string value = read(input(time, own), time, own);
  if (chance(25))
    value = std::string(pick<const char *>({"tanh", "silu", "sigmoid", "sin", "abs"})) + "(" + value + ")";
  if (isComplex && chance(60))
    value += pick<const char *>({" + ", " - ", " * "}) +
             std::string(pick<const char *>({"", "conj", "-"})) + "(" + complexRead(index) + ")";
  if (!states.empty() && chance(40) && (index || !indexed))
    value += std::string(pick<const char *>({" + 0.5 * ", " - 0.25 * "})) + states.back();
  return chance(30) ? "(" + value + ") * 0.5" : value;
}

/// Within 1 in magnitude whatever the input.
std::string Smith::coefficient(bool index) {
  if (isComplex && chance(70)) {
    std::string z = complexRead(index);
    return chance(50) ? "exp(-abs(" + z + ")) * conj(" + z + ")" : z + " / (1 + abs(" + z + "))";
  }
  bool time = chance(70), own = index && chance(60);
  std::string value = read(input(time, own), time, own);
  switch (pick({0, 1, 2, 3})) {
  case 0:
    return "sigmoid(" + value + ")";
  case 1:
    return "exp(-softplus(" + value + "))";
  case 2:
    return "clamp(" + value + ", -1, 1)";
  default:
    return "tanh(" + value + ")";
  }
}

void Smith::state(int number) {
  std::string name = std::string(1, static_cast<char>('h' + number));
  std::string at = indexed ? name + "[t,n]" : name + "[t]";
  std::string before = indexed ? name + "[t-1,n]" : name + "[t-1]";
  std::string bias = term(indexed), line = "    ";
  if (isComplex)
    body += "    state " + name + ": c64\n";
  if (chance(15)) {
    line += at + " = " + before + " + " + bias;
  } else if (!isComplex && chance(20)) {
    std::string gain = pick<const char *>({"", "-"}) + std::string("softplus(") + coefficient(indexed) + ")";
    line += at + " = " + pick<const char *>({"max", "min", "logaddexp"}) + "(" + before + " + " + gain +
            ", " + bias + ")";
  } else if (chance(30)) {
    body += "    a" + std::to_string(number) + (indexed ? "[n]" : "") + " = " + coefficient(indexed) + "\n";
    std::string a = "a" + std::to_string(number) + (indexed ? "[n]" : "");
    line += at + " = " + a + " * " + before + " + (1 - " + a + ") * (" + bias + ")";
  } else {
    line += at + " = " + coefficient(indexed) + " * " + before + " + " + bias;
  }
  body += line + "\n";
  std::string ends = packed ? "S" : "";
  for (const std::string &lane : lanes)
    ends += (ends.empty() ? "" : ", ") + lane;
  if (indexed)
    ends += ends.empty() ? "N" : ", N";
  if (!ends.empty())
    ends = "[" + ends + "]";
  if (chance(30)) {
    inputs += (inputs.empty() ? "" : ", ") + name + "0: " + (isComplex ? "c64" : dtype()) + ends;
    body += "    init " + name + " = " + name + "0\n";
  }
  if (chance(30)) {
    results += (results.empty() ? "" : ", ") + name + "T: " + (isComplex ? "c64" : dtype()) + ends;
    body += "    final " + name + " -> " + name + "T\n";
  }
  states.push_back(at);
}

void Smith::outputs() {
  int number = pick({1, 1, 2});
  for (int i = 0; i < number; ++i) {
    std::string name = "y" + std::to_string(i);
    const std::string &state = states[pick({0, 1, 2}) % states.size()];
    std::string value = state;
    if (indexed)
      value = chance(50) ? read(input(true, true), true, true) + " * " + state
                         : std::string(isComplex ? pick<const char *>({"mean", "sum"})
                                                 : pick<const char *>({"mean", "max", "sum"})) +
                               "[n](" + state + ")";
    if (chance(50))
      value = "(" + value + ") * silu(" + read(input(true, false), true, false) + ")";
    if (chance(30))
      value += " + " + read(input(false, false), false, false);
    std::string type = dtype();
    if (isComplex && chance(50))
      type = "c64";
    else if (isComplex)
      value = std::string(pick<const char *>({"real", "imag", "abs"})) + "(" + value + ")";
    results += (results.empty() ? "" : ", ") + name + ": " + type + dims(true, false);
    body += "    " + name + "[t] = " + value + "\n";
  }
}

RandomProgram Smith::run() {
  RandomProgram program;
  switch (pick({0, 1, 2, 2, 2})) {
  case 0:
    break;
  case 1:
    lanes = {"D"};
    break;
  default:
    lanes = {"B", "D"};
  }
  timeLast = chance(50);
  indexed = chance(35);
  program.sizes = {{"T", pick<std::int64_t>({0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 65, 100, 129})},
                   {"B", pick<std::int64_t>({1, 2, 3})},
                   {"D", pick<std::int64_t>({1, 2, 8, 16, 31, 32, 33, 64, 70})},
                   {"N", pick<std::int64_t>({1, 2, 3, 5, 8})}};
  if (packed) {
    inputs = "cu: i32[S+1]";
    program.sizes["S"] = pick<std::int64_t>({1, 2, 3, 9, 40});
  }
  int number = pick({1, 1, 2, 3});
  for (int i = 0; i < number; ++i)
    state(i);
  outputs();
  std::string head = chance(25) ? "reverse scan T as t" : "scan T as t";
  for (std::size_t i = 0; i < lanes.size(); ++i)
    head += (i ? ", " : " over ") + lanes[i];
  if (packed)
    head += " reset at cu";
  program.text = "kernel smith(" + inputs + ") -> (" + results + ") {\n  " + head + " {\n" + body +
                 "  }\n}\n";
  return program;
}

RandomProgram generate(std::uint64_t seed) { return Smith(seed).run(); }

} // namespace scanc::smith
