//===- Layers.cpp - Rows times weights that all steps have, before a scan -===//
#include "tests/smith/Draft.h"

namespace scanc::smith {

namespace {

class Layers {
public:
  explicit Layers(std::uint64_t seed) : draft(seed) {}
  RandomProgram run();

private:
  std::string dtype() { return draft.word({"f32", "f32", "bf16", "f16"}); }
  /// An input of each column, of each step and lane, or of both.
  std::string input(const std::string &type) {
    bool time = draft.chance(60);
    return draft.read(time ? draft.input(true, {"D"}, type) : draft.input(type, "[D]"), time, "j");
  }
  std::string projected();
  std::string gate();
  std::string step();
  void outputs();

  Draft draft;
  std::string element; ///< of rows and weights; another one now and then, which no tensor core multiplies
  std::string row;
};

} // namespace

/// A row times the columns of a weight that lies either way round.
std::string Layers::projected() {
  std::string type = draft.chance(95) ? element : "f32";
  bool turned = draft.chance(35);
  std::string weight = draft.input(type, turned ? "[D, E]" : "[E, D]", "W");
  return draft.read(row, true, "k") + " * " + weight + (turned ? "[j,k]" : "[k,j]");
}

/// Between -1 and 1.
std::string Layers::gate() {
  std::string value = draft.chance(75) ? projected() : input(dtype());
  if (draft.chance(40))
    value = value + " + " + input(dtype());
  return draft.chance(20) ? "exp(-softplus(" + value + "))" : draft.word({"sigmoid(", "tanh("}) + value + ")";
}

std::string Layers::step() {
  std::string product = projected();
  switch (draft.below(4)) {
  case 0:
    return "(1 - f[j]) * (" + product + ")";
  case 1:
    return product + " + " + input(dtype());
  case 2:
    return input(dtype()) + " * silu(" + product + ")";
  default:
    return "(" + product + ")";
  }
}

void Layers::outputs() {
  std::string type = dtype(), state = draft.chance(15) ? "h[t-1,j]" : "h[t,j]";
  draft.result("y", type, draft.dims(true, {"D"}));
  switch (draft.below(3)) {
  case 0:
    draft.say("y[t,j] = " + state + " * silu(" + projected() + ")");
    break;
  case 1:
    draft.say("y[t,j] = 2 * tanh(" + state + ") + " + input(dtype()));
    break;
  default:
    draft.say("y[t,j] = " + state);
  }
  if (draft.chance(20)) {
    draft.result("p", dtype(), draft.dims(true, {"D"}));
    draft.say("p[t,j] = " + (draft.chance(50) ? projected() : "silu(" + projected() + ")"));
  }
  if (draft.chance(20)) {
    draft.result("g", "f32", draft.dims(true, {"D"}));
    draft.say("g[t,j] = f[j]");
  }
}

RandomProgram Layers::run() {
  element = draft.word({"bf16", "f16"});
  draft.program.sizes["E"] = draft.pick<std::int64_t>({1, 2, 7, 8, 16, 21, 24, 40, 63, 64, 65, 72, 128});
  draft.program.sizes["D"] = draft.pick<std::int64_t>({1, 2, 3, 7, 8, 9, 16, 33, 56, 63, 64, 65, 72, 104});
  draft.program.sizes["H"] = draft.pick<std::int64_t>({1, 2, 3});
  draft.drawScan(draft.pick<std::vector<std::string>>({{}, {"B"}, {"B"}, {"B"}, {"B", "H"}}), draft.chance(50));
  std::int64_t numbers = draft.program.sizes["D"] * draft.program.sizes["E"];
  for (const std::string &lane : draft.lanes)
    numbers *= draft.program.sizes[lane];
  draft.drawTime(numbers / 16);
  row = draft.input(draft.chance(95) ? element : "f32", draft.dims(true, {"E"}), "x");
  draft.say("f[j] = " + gate() + (draft.chance(10) ? " * 0.5" : ""));
  draft.say("h[t,j] = f[j] * h[t-1,j] + " + step());
  draft.ends("h", "f32", dtype(), {"D"});
  outputs();
  draft.drawTrial({"T", "B", "H", "D", "E"});
  return draft.finish();
}

RandomProgram layers(std::uint64_t seed) { return Layers(seed).run(); }

} // namespace scanc::smith
