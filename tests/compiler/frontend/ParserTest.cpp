//===- ParserTest.cpp - Every program of the language is read -------------===//
#include "Programs.h"

namespace scanc::frontend {
namespace {

class Reading : public testing::TestWithParam<Program> {};

TEST_P(Reading, parses_and_checks) {
  Read read(GetParam().text);
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
  ASSERT_EQ(read.kernels.size(), 1u);
  EXPECT_EQ(read.file.kernels[0].name.text, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(Programs, Reading, testing::ValuesIn(programs()), nameOf);

/// The only scan of a program that is right.
const CheckedScan &onlyScan(const Read &read) {
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
  return read.kernels.at(0).scans.at(0);
}

TEST(Declarations, a_group_shares_its_type) {
  Read read("kernel k(f, x: bf16[B, 016], s: f64, cu: i32[S+1], e: f8e4m3[B]) -> (y: c64[B, T]) {\n"
            "  scan T as t over B { y[t] = s }\n}");
  const auto &parameters = read.file.kernels.at(0).parameters;
  ASSERT_EQ(parameters.size(), 5u);
  EXPECT_EQ(typeText(parameters[0]), "bf16[B, 16]");
  EXPECT_EQ(typeText(parameters[1]), "bf16[B, 16]");
  EXPECT_EQ(typeText(parameters[2]), "f64");
  EXPECT_EQ(typeText(parameters[3]), "i32[S+1]");
  EXPECT_EQ(typeText(parameters[4]), "f8e4m3[B]");
}

TEST(Names, words_of_the_grammar_are_names_too) {
  Read read("kernel kernel(scan, over: f32[T], state: f32) -> (final: f32[T]) {\n"
            "  scan T as t {\n"
            "    init = state * 2\n"
            "    reset = init\n"
            "    final[t] = final[t-1] * scan[t] + reset + over[t]\n"
            "    state final: bf16\n"
            "  }\n}");
  const CheckedScan &scan = onlyScan(read);
  EXPECT_EQ(scan.states, std::vector<std::string>{"final"});
  EXPECT_EQ(scan.symbols.at("final").stateType, Dtype::bf16);
  EXPECT_EQ(scan.symbols.at("init").kind, Symbol::Kind::local);
}

TEST(States, are_what_is_read_at_the_step_before) {
  Read read(program("two_outputs"));
  const CheckedScan &scan = onlyScan(read);
  EXPECT_EQ(scan.states, std::vector<std::string>{"m"});
  EXPECT_EQ(scan.symbols.at("m").kind, Symbol::Kind::state);
  EXPECT_TRUE(scan.symbols.at("m").isResult);
  EXPECT_EQ(scan.symbols.at("r").kind, Symbol::Kind::result);
  EXPECT_EQ(scan.outputs, (std::vector<std::string>{"m", "r"}));
}

TEST(States, have_initial_and_final_values_by_name) {
  Read read(program("varlen"));
  const Symbol &state = onlyScan(read).symbols.at("h");
  EXPECT_EQ(state.initial->name.text, "h0");
  EXPECT_EQ(state.final->name.text, "hT");
}

TEST(Statements, stand_in_any_order) {
  Read read("kernel k(x: f32[T], h0: f32) -> (y: f32[T], hT: f32) {\n"
            "  scan T as t {\n"
            "    final h -> hT\n"
            "    y[t] = b * h[t]\n"
            "    b = a + 1\n"
            "    h[t] = a * h[t-1] + x[t]\n"
            "    a = exp(x[t])\n"
            "    init h = h0\n"
            "  }\n}");
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
}

TEST(Statements, may_be_separated_by_semicolons) {
  Read read("kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { a = x[t]; y[t] = a; } }");
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
}

TEST(Indices, take_their_sizes_from_what_they_subscript) {
  Read read(program("two_householders"));
  const CheckedScan &scan = onlyScan(read);
  EXPECT_EQ(scan.extents.at("i"), "K");
  EXPECT_EQ(scan.extents.at("l"), "K");
  EXPECT_EQ(scan.extents.at("j"), "V");
}

// l and m are sized by the state alone, whose positions i sizes.
TEST(Indices, take_their_sizes_through_states_and_locals) {
  Read read("kernel k(v: f32[T, N]) -> (y: f32[T]) {\n  scan T as t {\n"
            "    h[t,i] = h[t-1,i] + v[t,i]\n    u[l] = h[t,l]\n    y[t] = u[m] * u[m]\n  }\n}");
  const CheckedScan &scan = onlyScan(read);
  EXPECT_EQ(scan.extents.at("l"), "N");
  EXPECT_EQ(scan.extents.at("m"), "N");
}

TEST(Indices, take_their_sizes_from_initial_states) {
  Read read("kernel k(x: f32[T], h0: f32[N]) -> (y: f32[T]) {\n  scan T as t {\n"
            "    init h = h0\n    h[t,i] = 0.5 * h[t-1,i] + x[t]\n    y[t] = h[t,i]\n  }\n}");
  EXPECT_EQ(onlyScan(read).extents.at("i"), "N");
}

// The leading dimension of h0 is that of the segments, not of the state.
TEST(Indices, take_their_sizes_from_initial_states_of_segments) {
  Read read("kernel k(x: f32[T], cu: i32[S+1], h0: f32[S, N]) -> (y: f32[T]) {\n"
            "  scan T as t reset at cu {\n"
            "    init h = h0\n    h[t,i] = 0.5 * h[t-1,i] + x[t]\n    y[t] = h[t,i]\n  }\n}");
  EXPECT_EQ(onlyScan(read).extents.at("i"), "N");
}

TEST(Dimensions, may_stand_twice_where_no_scan_walks_them) {
  Read read(program("viterbi"));
  EXPECT_EQ(onlyScan(read).extents.at("l"), "N");
}

TEST(Scans, of_one_kernel_walk_their_own_lanes) {
  Read read("kernel k(x: f32[B, T, D], v: f32[B, T]) -> (y: f32[B, T, D], z: f32[B, T]) {\n"
            "  scan T as t over B, D { y[t] = y[t-1] + x[t] }\n"
            "  @strategy(sequential) reverse scan T as t over B { z[t] = z[t-1] + v[t] }\n}");
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
  ASSERT_EQ(read.kernels.at(0).scans.size(), 2u);
  EXPECT_TRUE(read.kernels[0].scans[1].scan->reverse);
  EXPECT_EQ(read.kernels[0].scans[1].scan->attributes.at(0).value, "sequential");
}

TEST(Windows, reach_seven_steps_back) {
  Read read("kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t-7] + x[t-0] } }");
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
}

TEST(Numbers, in_every_spelling) {
  Read read("kernel k(x: f32[T]) -> (y: f32[T]) {\n"
            "  scan T as t { y[t] = x[t] + 1 + 1. + .5 + 2e3 + 2E-3 + 1.5e+2 }\n}");
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
}

} // namespace
} // namespace scanc::frontend
