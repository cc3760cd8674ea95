//===- Dense.cpp - Transitions that are matrices --------------------------===//
#include "tests/smith/Draft.h"

namespace scanc::smith {

namespace {

/// How a semiring's step is written, around the matrix and the state.
struct Ring {
  const char *sum, *between;
};

class Dense {
public:
  explicit Dense(std::uint64_t seed) : draft(seed) {}
  RandomProgram run();

private:
  std::string dtype() { return draft.word({"f32", "f32", "bf16", "f16"}); }
  std::string row(const std::string &name, bool time) { return draft.read(name, time, "i" + columnIndex); }
  std::string matrix();
  std::string added();
  std::string step();
  void outputs();

  Draft draft;
  Ring ring{"sum", " * "};
  std::string number = "f32"; ///< that states are kept in
  bool isReal = true, isColumns = false;
  bool isPlain = false; ///< a matrix of 16 bits for each step as it lies, and the state itself as a result
  std::string columnIndex;            ///< ",j" where the state has columns
  std::vector<std::string> state{"N"}; ///< its dimensions
};

} // namespace

/// What multiplies the state: read as it lies, transposed, or computed.
std::string Dense::matrix() {
  if (isPlain)
    return draft.read(draft.input(true, {"N", "N"}, draft.word({"f16", "bf16"})), true, "i,l");
  bool time = draft.chance(75);
  std::string type = number == "f64" ? draft.word({"f64", "f32", "f16"}) : draft.word({"f16", "bf16", "f32", "f32"});
  std::string name = draft.input(time, {"N", "N"}, type);
  std::string value = draft.read(name, time, draft.chance(75) ? "i,l" : "l,i");
  if (!isReal || draft.chance(65))
    return value;
  switch (draft.below(3)) {
  case 0:
    return "(sigmoid(" + draft.read(draft.input(true, {"N"}, dtype()), true, "i") + ") * " + value + ")";
  case 1:
    return "(0.5 * " + value + ")";
  default:
    return "(" + value + " * " + draft.read(draft.input(false, {}, "f32"), false, "") + ")";
  }
}

std::string Dense::added() {
  bool time = draft.chance(85);
  std::string value = row(draft.input(time, state, number == "f64" ? draft.word({"f64", "f32"}) : dtype()), time);
  if (draft.chance(30))
    value = draft.word({"tanh", "sigmoid", "silu"}) + "(" + value + ")";
  return value;
}

std::string Dense::step() {
  std::string before = "h[t-1,l" + columnIndex + "]";
  std::string product = matrix() + ring.between + before;
  if (isPlain)
    return product + " + " + added();
  if (!isReal || draft.chance(30))
    product = std::string(ring.sum) + "[l](" + product + ")";
  if (isReal && !isColumns && draft.chance(15)) // a factor of each row
    product = draft.read(draft.input(true, {"N"}, "f32"), true, "i") + " * (" + product + ")";
  if (isReal && !isColumns && draft.chance(15)) // an elementwise term
    product += " + " + draft.read(draft.input(true, {"N"}, "f32"), true, "i") + " * h[t-1,i]";
  if (!isReal && draft.chance(30)) // another way to the same state
    return std::string(std::string(ring.sum) == "logsumexp" ? "logaddexp" : ring.sum) + "(" + product + ", " + added() +
           ")";
  return product + " + " + added();
}

void Dense::outputs() {
  std::string type = draft.word({"f32", "f32", "bf16", "f16"});
  switch (isPlain || isColumns ? draft.below(2) : draft.below(4)) {
  case 0: // the state itself
    draft.result("y", number == "f64" && draft.chance(70) ? "f64" : type, draft.dims(true, state));
    draft.say("y[t,i" + columnIndex + "] = h[t,i" + columnIndex + "]");
    break;
  case 1: {
    draft.result("y", type, draft.dims(true, state));
    std::string gate = row(draft.input(true, state, dtype()), true);
    draft.say("y[t,i" + columnIndex + "] = 2 * tanh(h[t,i" + columnIndex + "]) * silu(" + gate + ")");
    break;
  }
  case 2: {
    draft.program.sizes["O"] = draft.pick<std::int64_t>({1, 2, 3, 17});
    bool time = draft.chance(30);
    std::string name = draft.input(time, {"O", "N"}, dtype());
    draft.result("y", type, draft.dims(true, {"O"}));
    draft.say("y[t,o] = " + draft.read(name, time, "o,i") + " * h[t,i]");
    break;
  }
  default:
    draft.result("y", type, draft.dims(true, {}));
    draft.say("y[t] = " + draft.word({"mean", "max", "sum"}) + "[i](h[t,i]) * rsqrt(mean[l](h[t,l] * h[t,l]) + 0.25)");
  }
  if (draft.chance(25)) {
    draft.result("z", type, draft.dims(true, state));
    draft.say("z[t,i" + columnIndex + "] = h[t,i" + columnIndex + "]");
  }
}

RandomProgram Dense::run() {
  draft.program.sizes["N"] =
      draft.pick<std::int64_t>({1, 2, 3, 5, 8, 15, 16, 16, 17, 20, 31, 32, 32, 33, 40, 63, 64, 64, 65, 100, 128});
  draft.program.sizes["H"] = draft.pick<std::int64_t>({1, 2, 3});
  draft.program.sizes["D"] = draft.pick<std::int64_t>({1, 2, 3, 7, 8, 9, 16, 33, 64, 65});
  isColumns = draft.chance(35);
  isReal = isColumns || draft.chance(75);
  if (!isReal)
    ring = draft.pick<Ring>({{"max", " + "}, {"min", " + "}, {"logsumexp", " + "}});
  isPlain = !isColumns && isReal && draft.chance(40);
  if (!isPlain && !isColumns && draft.chance(15))
    number = "f64";
  if (isColumns) {
    state.push_back("D");
    columnIndex = ",j";
  }
  draft.drawScan(draft.pick<std::vector<std::string>>({{}, {"B"}, {"B"}, {"B", "H"}}),
                 !isPlain && draft.chance(20));
  std::int64_t n = draft.program.sizes["N"], numbers = n * n * (isColumns ? draft.program.sizes["D"] : 1);
  for (const std::string &lane : draft.lanes)
    numbers *= draft.program.sizes[lane];
  draft.step = !draft.packed && draft.chance(8);
  draft.drawTime(numbers / 8); // a product is a moment's work
  if (draft.step)
    draft.program.sizes["T"] = 1;
  if (number == "f64")
    draft.say("state h: f64");
  draft.say("h[t,i" + columnIndex + "] = " + step());
  draft.ends("h", number, dtype(), state);
  outputs();
  draft.drawTrial({"T", "B", "H", "S"});
  return draft.finish();
}

RandomProgram dense(std::uint64_t seed) { return Dense(seed).run(); }

} // namespace scanc::smith
