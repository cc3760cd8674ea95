//===- OuterProducts.cpp - Linear attention and its kin -------------------===//
#include "tests/smith/Draft.h"

namespace scanc::smith {

namespace {

class OuterProducts {
public:
  /// What came later than seeds that found something: drawn apart, so that these give the same programs.
  explicit OuterProducts(std::uint64_t seed)
      : draft(seed), looksBack((seed * 0x9e3779b97f4a7c15 >> 32) % 5 == 0),
        correctsTwice((seed * 0xc2b2ae3d27d4eb4f >> 32) % 4 == 1), readsBefore((seed * 0xd6e8feb86659fd93 >> 32) % 5 == 2),
        correctsBefore((seed * 0xa0761d6478bd642f >> 32) % 2 == 1) {}
  RandomProgram run();

private:
  /// Of query, key and value alike: factors of one type are the rule.
  std::string factorType() { return draft.chance(90) ? factor : draft.word({"f32", "bf16", "f16"}); }
  std::string gateType() { return draft.word({"f32", "f32", "f32", "bf16", "f16"}); }
  std::string vector(const char *dim, const char *index, const std::string &prefix);
  std::string decay(bool ofRows);
  std::string matrix(const char *step, const std::string &i, const std::string &j = "j") {
    return std::string("S[") + step + (rowsFirst ? "," + i + "," + j : "," + j + "," + i) + "]";
  }
  void recurrence();
  std::string local(const std::string &name, const std::string &row) { return name + (rowsFirst ? "[" + row + ",j]" : "[j," + row + "]"); }
  std::string correctedRows(const std::string &value, const std::string &before);
  std::string correctedAgain(const std::string &name, const std::string &now);
  std::string unitVector(const std::string &name, const std::string &length);
  void outputs();

  Draft draft;
  std::string factor = "bf16";
  bool rowsFirst = true;
  /// `readsBefore`: results read the state of the step before. `correctsBefore`: what rows decay beside is read before they do.
  const bool looksBack, correctsTwice, readsBefore, correctsBefore;
};

} // namespace

std::string OuterProducts::vector(const char *dim, const char *index, const std::string &prefix) {
  std::string name = draft.input(factorType(), draft.dims(true, {dim}, true), prefix);
  std::string value = draft.read(name, true, index);
  if (looksBack && !draft.step) {
    std::string earlier = value;
    earlier.replace(earlier.find("[t"), 2, std::string(dim) == "K" ? "[t-2" : "[t-1");
    value = "(" + value + " + 0.5 * " + earlier + ")";
  }
  return draft.chance(20) ? draft.word({"silu", "sigmoid", "tanh"}) + "(" + value + ")" : value;
}

/// Between 0 and 1; of a whole step, of each row, or the same at all steps.
std::string OuterProducts::decay(bool ofRows) {
  bool time = ofRows || draft.chance(75);
  std::string type = gateType();
  std::string name = ofRows ? draft.input(type, draft.dims(time, {"K"}, true), "g")
                            : draft.input(type, draft.dims(time, {}, true), "g");
  std::string g = draft.read(name, time, ofRows ? "i" : "");
  switch (draft.below(6)) {
  case 0:
    return "sigmoid(" + g + ")";
  case 1:
    return "exp(-softplus(" + g + "))";
  case 2:
    return "exp(-8 * abs(" + g + "))";
  case 3:
    return ofRows ? "(0.25 + 0.75 * sigmoid(" + g + "))" : "exp(-exp(" + g + "))";
  default:
    return "exp(-abs(" + g + "))";
  }
}

/// Another key, of length 1.
std::string OuterProducts::unitVector(const std::string &name, const std::string &length) {
  std::string other = vector("K", "i", "k");
  draft.say(length + " = rsqrt(sum[i](" + other + " * " + other + ") + 0.000001)");
  draft.say(name + "[i] = " + length + " * " + other);
  return name;
}

/// Decays of rows beside a correction, or two. What is at most halved and then corrected by at most a half does not grow.
std::string OuterProducts::correctedRows(const std::string &value, const std::string &before) {
  if (correctsBefore) {
    std::string reader = draft.chance(50) ? unitVector("r", "c") : "u";
    return "0.5 * " + decay(true) + " * " + before + " - 0.5 * b * u[i] * (" + reader + "[l] * " + matrix("t-1", "l") + ") + b * u[i] * " + value;
  }
  draft.say(local("P", "i") + " = " + decay(true) + " * " + before);
  return local("P", "i") + " - b * u[i] * (u[l] * " + local("P", "l") + ") + b * u[i] * " + value;
}

/// What `now` is, called `name`, corrected once more, by a key of its own.
std::string OuterProducts::correctedAgain(const std::string &name, const std::string &now) {
  draft.say(local(name, "i") + " = " + now);
  unitVector("w", "m");
  return local(name, "i") + " - 0.5 * w[i] * (w[l] * " + local(name, "l") + ") + 0.5 * w[i] * " + vector("V", "j", "v");
}

void OuterProducts::recurrence() {
  std::string key = vector("K", "i", "k"), value = vector("V", "j", "v"), before = matrix("t-1", "i");
  enum { sum, decayed, rowsDecayed, corrected, correctedDecayed, rowsCorrected };
  auto kind = draft.pick({sum, decayed, decayed, rowsDecayed, rowsDecayed, corrected, correctedDecayed,
                          correctedDecayed, rowsCorrected});
  if (kind < corrected) {
    std::string input = draft.chance(25) ? draft.word({"0.5 * ", "-", "0.125 * "}) + key : key;
    if (draft.chance(25))
      input = draft.read(draft.input(gateType(), draft.dims(true, {}, true), "b"), true, "") + " * " + input;
    std::string past = kind == sum ? before : decay(kind == rowsDecayed) + " * " + before;
    draft.say(matrix("t", "i") + " = " + past + " + " + input + " * " + value);
    return;
  }
  // Keys of length 1 and strengths from 0 to 1: a state that is corrected does not grow.
  draft.say("n = rsqrt(sum[i](" + key + " * " + key + ") + 0.000001)");
  draft.say("u[i] = n * " + key);
  draft.say("b = sigmoid(" + draft.read(draft.input(gateType(), draft.dims(true, {}, true), "b"), true, "") + ")");
  std::string now;
  if (kind == rowsCorrected) {
    now = correctedRows(value, before);
  } else {
    std::string left = before + " - b * u[i] * (u[l] * " + matrix("t-1", "l") + ")";
    if (kind == correctedDecayed)
      left = decay(false) + " * (" + left + ")";
    now = left + " + b * u[i] * " + value;
  }
  if (correctsTwice)
    now = correctedAgain("Q", now);
  draft.say(matrix("t", "i") + " = " + now);
}

void OuterProducts::outputs() {
  std::string query = vector("K", "i", "q"), scale = draft.word({"", "", "0.125 * ", "2 * "});
  std::string value = scale + query + " * " + matrix(readsBefore ? "t-1" : "t", "i");
  if (draft.chance(25))
    value = "(" + value + ") * sigmoid(" + draft.read(draft.input(factorType(), draft.dims(true, {"V"}, true), "z"), true, "j") + ")";
  if (draft.chance(20))
    value += " + " + draft.read(draft.input(factorType(), draft.dims(true, {"V"}, true), "x"), true, "j");
  draft.result("o", draft.word({"f32", "bf16", "f16"}), draft.dims(true, {"V"}));
  draft.say("o[t,j] = " + value);
}

RandomProgram OuterProducts::run() {
  const auto width = [&] {
    return draft.pick<std::int64_t>({1, 3, 5, 8, 15, 16, 16, 17, 24, 32, 33, 40, 64, 64, 65, 72, 100, 128});
  };
  draft.program.sizes["K"] = width();
  draft.program.sizes["V"] = width();
  draft.program.sizes["H"] = draft.pick<std::int64_t>({1, 1, 2, 3});
  factor = draft.word({"bf16", "bf16", "bf16", "f16", "f16", "f32"});
  rowsFirst = draft.chance(75);
  draft.drawScan(draft.pick<std::vector<std::string>>({{}, {"H"}, {"B", "H"}, {"B", "H"}}), true);
  std::int64_t numbers = draft.program.sizes["K"] * draft.program.sizes["V"];
  for (const std::string &lane : draft.lanes)
    numbers *= draft.program.sizes[lane];
  draft.step = !draft.packed && draft.chance(15);
  draft.drawTime(numbers / 16);
  if (draft.step)
    draft.program.sizes["T"] = 1;
  recurrence();
  draft.ends("S", "f32", draft.word({"f32", "bf16", "f16"}),
             rowsFirst ? std::vector<std::string>{"K", "V"} : std::vector<std::string>{"V", "K"});
  outputs();
  draft.drawTrial({"T", "B", "H", "S"});
  bool pinsPrecision = factor == "f32" && draft.chance(50);
  return draft.finish(pinsPrecision ? "@precision(" + draft.word({"bf16", "f16"}) + ") " : "");
}

RandomProgram outerProducts(std::uint64_t seed) { return OuterProducts(seed).run(); }

} // namespace scanc::smith
