//===- StepTest.cpp - One step, whose states are updated where they lie ---===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Sizes = std::map<std::string, std::int64_t>;

CompileOptions stepOptions(const Sizes &sizes, const std::string &target) {
  CompileOptions options;
  options.filename = "step.scan";
  options.target = target;
  options.sizes = sizes;
  options.step = true;
  return options;
}

std::size_t positionOf(const std::vector<Parameter> &signature, const std::string &name) {
  std::size_t position = 0;
  while (signature[position].name != name)
    ++position;
  return position;
}

/// Gives every final state that may lie where an initial one does that one's tensor; how many there are.
int shareStates(const std::vector<Parameter> &signature, std::vector<TensorRef> &tensors) {
  int shared = 0;
  for (std::size_t p = 0; p < signature.size(); ++p)
    if (!signature[p].updates.empty()) {
      tensors[p] = tensors[positionOf(signature, signature[p].updates)];
      ++shared;
    }
  return shared;
}

/// Runs one launch of the variants whose names begin with `variants`, or on the CPU.
Result<void> launch(const std::string &text, const CompileOptions &options, const std::vector<TensorRef> &tensors,
                    const std::string &variants) {
  if (options.target == "cpu") {
    auto kernel = compile(text, options);
    if (!kernel)
      return kernel.error();
    return kernel->launch(tensors);
  }
  auto program = compileProgram(text, options);
  if (!program)
    return program.error();
  std::erase_if(std::get<KernelStep>(program->entries[0].steps[0]).variants,
                [&](const KernelVariant &variant) { return !variant.name.starts_with(variants); });
  return emulation::runProgram(*program, tensors, {.seed = 5});
}

void expectRightInPlace(const std::string &text, const Sizes &sizes, int states, const std::string &variants,
                        const std::string &target, const std::string &strategy = "") {
  SCOPED_TRACE(variants + " " + target + " " + strategy);
  CompileOptions options = stepOptions(sizes, target);
  if (!strategy.empty())
    options.strategy = strategy;
  auto parameters = signature(text, options);
  ASSERT_TRUE(parameters) << render(parameters.error());
  auto before = makeOperands(text, options, *parameters, 5), after = makeOperands(text, options, *parameters, 5);
  ASSERT_TRUE(before && after) << render(before.error());
  EXPECT_EQ(shareStates(*parameters, after->tensors), states);
  auto done = launch(text, options, after->tensors, variants);
  ASSERT_TRUE(done) << render(done.error());
  // The reference starts from the states as they were.
  for (std::size_t p = 0; p < parameters->size(); ++p)
    if ((*parameters)[p].role == Parameter::Role::output)
      std::memcpy(before->tensors[p].data, after->tensors[p].data, before->storage[p].size() - 16);
  EXPECT_EQ(firstMismatch(text, options, *parameters, *before), "");
}

void expectRightInPlace(const std::string &text, const Sizes &sizes, int states = 1) {
  for (const char *variants : {"", "any"})
    expectRightInPlace(text, sizes, states, variants, "sm_90a");
  expectRightInPlace(text, sizes, states, "", "cpu");
}

TEST(Step, updatesOneNumberOfEachLane) {
  for (std::int64_t lanes : {1, 33, 64})
    expectRightInPlace(programText("init_final"), {{"B", 3}, {"D", lanes}});
}

/// Sixteen numbers of a lane beside one, of which readouts are made; the last lane dimension need be no vector.
TEST(Step, updatesSeveralStates) {
  std::string text = R"(kernel k(a, b, c: f32[B, T, N], x, g: f32[B, T, D], h0: f32[B, D, N], s0: f32[B, D])
      -> (y: f32[B, T, D], hT: f32[B, D, N], sT: f32[B, D]) {
    scan T as t over B, D {
      init s = s0
      init h = h0
      final s -> sT
      final h -> hT
      s[t]   = sigmoid(g[t]) * s[t-1] + x[t]
      h[t,n] = sigmoid(a[t,n]) * h[t-1,n] + b[t,n] * s[t]
      y[t]   = c[t,n] * h[t,n] + s[t]
    }
  })";
  for (std::int64_t lanes : {5, 40})
    expectRightInPlace(text, {{"B", 2}, {"D", lanes}, {"N", 16}}, 2);
}

/// Warps past the last lane repeat its work, as do threads that others of their warp need: they read states that it had written.
TEST(Step, aThreadThatRepeatedAnothersWorkReadWhatThatHadUpdated) {
  expectRightInPlace(R"(kernel k(a, x: f32[B, T, N], h0: f32[B, N]) -> (y: f32[B, T], hT: f32[B, N]) {
    scan T as t over B { init h = h0 final h -> hT h[t,n] = a[t,n] * h[t-1,n] + x[t,n] y[t] = sum[n](h[t,n]) }
  })",
                     {{"B", 3}, {"N", 16}}, 1, "", "sm_90a", "sequential(lane_threads=64, state_threads=2)");
}

/// The last inputs, which a convolution reads: nothing of the new state depends on the old one, which is read all the same.
TEST(Step, readsAStateThatItForgets) {
  expectRightInPlace(R"(kernel conv(x: bf16[B, T, D], w0, w1, w2: f32[D], p0, q0: f32[B, D])
      -> (y: bf16[B, T, D], pT, qT: f32[B, D]) {
    scan T as t over B, D {
      init p = p0
      init q = q0
      final p -> pT
      final q -> qT
      p[t] = x[t]
      q[t] = p[t-1]
      y[t] = silu(w0 * x[t] + w1 * p[t-1] + w2 * q[t-1])
    }
  })",
                     {{"B", 2}, {"D", 40}}, 2);
}

TEST(Step, updatesStatesOfOtherTypesAndRings) {
  for (const char *type : {"f64", "c64", "bf16"})
    expectRightInPlace("kernel k(a, x: " + std::string(type) + "[B, T, D], h0: " + type + "[B, D]) -> (y: " + type +
                           "[B, T, D], hT: " + type + "[B, D]) {\n scan T as t over B, D { init h = h0 final h -> hT " +
                           (std::string(type) == "bf16" ? "state h: bf16 " : "") +
                           "h[t] = 0.5 * a[t] * h[t-1] + x[t] y[t] = h[t] } }",
                       {{"B", 2}, {"D", 35}});
  expectRightInPlace(R"(kernel best(a, x: f32[B, T], h0: f32[B]) -> (y: f32[B, T], hT: f32[B]) {
    scan T as t over B { init h = h0 final h -> hT h[t] = max(h[t-1] + a[t], x[t]) y[t] = h[t] }
  })",
                     {{"B", 50}});
}

TEST(Step, updatesAStateThatAMatrixMultiplies) {
  expectRightInPlace(R"(kernel dense(A: f16[B, T, 40, 40], b: f16[B, T, 40], h0: f32[B, 40])
      -> (h: f32[B, T, 40], hT: f32[B, 40]) {
    scan T as t over B { init h = h0 final h -> hT h[t,i] = A[t,i,l] * h[t-1,l] + b[t,i] }
  })",
                     {{"B", 3}});
  expectRightInPlace(R"(kernel columns(A: f32[B, T, 16, 16], b: f32[B, T, 16, 40], S0: f32[B, 16, 40])
      -> (S: f32[B, T, 16, 40], ST: f32[B, 16, 40]) {
    scan T as t over B { init S = S0 final S -> ST S[t,i,j] = A[t,i,l] * S[t-1,l,j] + b[t,i,j] }
  })",
                     {{"B", 3}});
}

TEST(Step, updatesMatricesOfState) {
  for (const char *name : {"delta_rule", "retnet"})
    for (auto [rows, columns] : {std::pair(16, 24), std::pair(40, 70), std::pair(5, 3)}) {
      SCOPED_TRACE(name);
      expectRightInPlace(programText(name), {{"B", 2}, {"H", 3}, {"K", rows}, {"V", columns}});
    }
}

/// Steps one after another are the scan: each begins with the state that the one before has left.
TEST(Step, stepsOneAfterAnotherAreTheScan) {
  for (const char *target : {"sm_90a", "cpu"})
    for (const char *name : {"init_final", "delta_rule"}) {
      SCOPED_TRACE(std::string(name) + " " + target);
      std::string text = programText(name);
      constexpr std::int64_t steps = 4;
      Sizes sizes = {{"B", 2}, {"H", 2}, {"D", 33}, {"K", 12}, {"V", 20}};
      CompileOptions whole = stepOptions(sizes, target), step = whole;
      whole.step = false;
      whole.sizes["T"] = steps;
      auto parameters = signature(text, step);
      ASSERT_TRUE(parameters) << render(parameters.error());
      auto operands = makeOperands(text, whole, *parameters, 7), kept = makeOperands(text, whole, *parameters, 7);
      ASSERT_TRUE(operands && kept);
      shareStates(*parameters, operands->tensors);
      for (std::int64_t t = 0; t < steps; ++t) {
        std::vector<TensorRef> views = operands->tensors;
        for (std::size_t p = 0; p < views.size(); ++p)
          for (std::size_t d = 0; d < views[p].sizes.size(); ++d)
            if ((*parameters)[p].dims[d] == "T") {
              views[p].strides = contiguousStrides(views[p].sizes);
              views[p].data = static_cast<char *>(views[p].data) + t * views[p].strides[d] * sizeOf(views[p].dtype);
              views[p].sizes[d] = 1;
            }
        auto done = launch(text, step, views, "");
        ASSERT_TRUE(done) << render(done.error());
      }
      for (std::size_t p = 0; p < parameters->size(); ++p)
        if ((*parameters)[p].role == Parameter::Role::output)
          std::memcpy(kept->tensors[p].data, operands->tensors[p].data, kept->storage[p].size() - 16);
      EXPECT_EQ(firstMismatch(text, whole, *parameters, *kept), "");
    }
}

std::string refusalOf(const std::string &text, const Sizes &sizes = {}) {
  auto program = compileProgram(text, stepOptions(sizes, "sm_90a"));
  return program ? "none" : program.error().code + ": " + program.error().message;
}

TEST(Step, sc1028_of_what_no_step_can_be_made) {
  std::string refused = "SC1028: no step can be made of this: ";
  EXPECT_EQ(refusalOf("kernel k(x: f32[T]) -> (h: f32[T]) { scan T as t { h[t] = h[t-1] + x[t] } }"),
            refused + "state 'h' has no initial state");
  EXPECT_EQ(refusalOf("kernel k(x: f32[T], h0: f32) -> (h: f32[T]) { scan T as t { init h = h0 h[t] = h[t-1] + x[t] } }"),
            refused + "state 'h' has no final state");
  EXPECT_EQ(refusalOf("kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] + x[t-2] } }"),
            refused + "a window reaches before it, where input 'x' is not");
  EXPECT_EQ(refusalOf("kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = 2 * x[t] } }", {{"T", 2}}),
            refused + "expected 1 of dimension T, which the scan walks, got 2");
  EXPECT_EQ(refusalOf(programText("varlen")).substr(0, refused.size() + 12), refused + "segments cut");
}

TEST(Step, isMadeOfAProgramAlone) {
  auto text = emit(programText("init_final"), Stage::affine, stepOptions({}, "sm_90a"));
  ASSERT_TRUE(text) << render(text.error());
  CompileOptions options = stepOptions({}, "sm_90a");
  options.from = Stage::affine;
  auto program = compileProgram(*text, options);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, "SC1025");
  options.step = false; // the text says what is updated
  auto resumed = compileProgram(*text, options);
  ASSERT_TRUE(resumed) << render(resumed.error());
  EXPECT_EQ(resumed->parameters.back().updates, "h0");
}

/// What else reads an initial state, or declares the final one otherwise, keeps them apart.
TEST(Step, statesThatAreReadElsewhereStayApart) {
  for (const char *text :
       {"kernel k(x: f32[T, D], h0: f32[D]) -> (y: f32[T, D], hT: f32[D]) { scan T as t over D { init h = h0 "
        "final h -> hT h[t] = h[t-1] + x[t] y[t] = h[t] + h0 } }",
        "kernel k(x: f32[T, D], h0: f32[D]) -> (y: f32[T, D], hT: bf16[D]) { scan T as t over D { init h = h0 "
        "final h -> hT h[t] = h[t-1] + x[t] y[t] = h[t] } }",
        "kernel k(x: f32[T, D], h0: f32) -> (y: f32[T, D], hT: f32[D]) { scan T as t over D { init h = h0 "
        "final h -> hT h[t] = h[t-1] + x[t] y[t] = h[t] } }"}) {
    auto parameters = signature(text, stepOptions({}, "sm_90a"));
    ASSERT_TRUE(parameters) << render(parameters.error());
    EXPECT_EQ(parameters->back().updates, "");
  }
}

TEST(Step, othersDeclineToUpdateStates) {
  auto explained = explain(programText("init_final"), stepOptions({}, "sm_90a"));
  ASSERT_TRUE(explained) << render(explained.error());
  for (const Candidate &candidate : explained->candidates)
    EXPECT_EQ(candidate.declined.empty(), candidate.strategy == "sequential") << candidate.strategy;
}

} // namespace
