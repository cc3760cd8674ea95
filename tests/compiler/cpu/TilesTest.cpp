//===- TilesTest.cpp - Time innermost, in whole tiles and rests -----------===//
#include "tests/compiler/cpu/Evaluation.h"

namespace scanc {
namespace {

/// Steps and lanes: less than a tile of any machine, whole ones, and rests.
constexpr std::pair<std::int64_t, std::int64_t> sizes[] = {{1, 16}, {15, 16}, {16, 33}, {67, 70}};

void expectAgreement(const std::string &text, Lie lie = Lie::contiguous) {
  for (auto [T, D] : sizes) {
    SCOPED_TRACE(testing::Message() << "T " << T << " D " << D);
    Evaluation(text, {{"B", 2}, {"T", T}, {"D", D}, {"S", 3}}, lie).expectAgreement();
  }
}

TEST(Tiles, ElementsOfEachSize) {
  for (const char *type : {"f64", "f32", "f16", "bf16"}) {
    std::string of(type);
    expectAgreement("kernel k(a, x: " + of + "[B, D, T]) -> (y: " + of + "[B, D, T]) {\n" +
                    "scan T as t over B, D { h[t] = a[t] * h[t-1] + x[t]\ny[t] = h[t] } }");
  }
}

TEST(Tiles, ElementsOfSeveralSizes) {
  expectAgreement("kernel k(a: bf16[B, D, T], x: f32[B, D, T]) -> (y: f16[B, D, T]) {\n"
                  "scan T as t over B, D { h[t] = a[t] * h[t-1] + x[t]\ny[t] = h[t] } }");
}

TEST(Tiles, WindowsReachIntoEarlierTiles) {
  for (const char *order : {"", "reverse "})
    expectAgreement("kernel k(a, x: f32[D, T]) -> (y: f32[D, T]) {\n" + std::string(order) +
                    "scan T as t over D { h[t] = a[t] * h[t-1] + x[t] + x[t-1] * x[t-7]\n"
                    "y[t] = h[t] } }");
}

TEST(Tiles, SegmentsThatEndInsideOfATile) {
  for (const char *order : {"", "reverse "})
    expectAgreement("kernel k(a, x: f32[D, T], cu: i32[S+1]) -> (y: f32[D, T]) {\n" +
                    std::string(order) +
                    "scan T as t over D reset at cu { h[t] = a[t] * h[t-1] + x[t] + x[t-2]\n"
                    "y[t] = h[t] } }");
}

/// The final state stands in the buffer that the last step wrote, whichever tile it was in.
TEST(Tiles, FinalStates) {
  expectAgreement("kernel k(a, x: f32[D, T], h0: f32[D]) -> (y: f32[D, T], hT: f32[D]) {\n"
                  "scan T as t over D { init h = h0\nh[t] = a[t] * h[t-1] + x[t]\ny[t] = h[t]\n"
                  "final h -> hT } }");
}

TEST(Tiles, OperandsThatLieUnlikeEachOther) {
  const char *text = "kernel k(a: f32[D, T], x: f32[T, D], w: f32[D], v: f32[T]) -> "
                     "(y: f32[D, T], z: f32[T, D]) {\n"
                     "scan T as t over D { h[t] = a[t] * h[t-1] + x[t] * w + v[t]\n"
                     "y[t] = h[t]\nz[t] = 2 * h[t] } }";
  for (Lie lie : {Lie::contiguous, Lie::padded, Lie::transposed, Lie::backwards, Lie::repeated})
    expectAgreement(text, lie);
}

} // namespace
} // namespace scanc
