//===- main.cpp - The best path through a hidden Markov model -------------===//
#include "examples/common/Example.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace scanc;

namespace {

/// Element (i, j, ...) of a contiguous tensor on the host.
template <typename... Indices>
double at(const TensorRef &tensor, Indices... indices) {
  const std::int64_t position[] = {indices...};
  std::int64_t offset = 0;
  for (std::size_t k = 0; k < sizeof...(indices); ++k)
    offset = offset * tensor.sizes[k] + position[k];
  return static_cast<const float *>(tensor.data)[offset];
}

/// The states of sequence `b` on its best path, from the last to the first: each is the one from which
/// the score of the next came.
std::vector<std::int64_t> bestPath(const TensorRef &W, const TensorRef &v, std::int64_t b) {
  const std::int64_t T = v.sizes[1], N = v.sizes[2];
  auto best = [&](auto score) {
    std::int64_t found = 0;
    for (std::int64_t l = 1; l < N; ++l)
      if (score(l) > score(found))
        found = l;
    return found;
  };
  std::vector<std::int64_t> path = {best([&](std::int64_t i) { return at(v, b, T - 1, i); })};
  for (std::int64_t t = T - 1; t > 0; --t)
    path.push_back(best(
        [&, next = path.back()](std::int64_t l) { return at(W, next, l) + at(v, b, t - 1, l); }));
  std::reverse(path.begin(), path.end());
  return path;
}

} // namespace

int main(int argc, char **argv) {
  bool large = example::wantsLarge(argc, argv);
  std::string text = example::readText(VITERBI_FILE);

  // The number of states is compiled in: a thread keeps its rows of W for all steps.
  const std::int64_t B = large ? 512 : 3, T = large ? 1024 : 64, N = large ? 64 : 24;
  CompileOptions options;
  options.filename = VITERBI_FILE;
  options.sizes = {{"N", N}};
  Kernel kernel = orExit(compile(text, options));

  example::Tensor W(Dtype::f32, {N, N}), e(Dtype::f32, {B, T, N}), v0(Dtype::f32, {B, N});
  example::Tensor v(Dtype::f32, {B, T, N});
  W.fill(-6, 0, 1); // logarithms of chances
  e.fill(-6, 0, 2);
  v0.fill(-6, 0, 3);

  std::string_view target = kernel.target();
  const TensorRef operands[] = {W.on(target), e.on(target), v0.on(target), v.on(target)};
  orExit(kernel.launch(operands));
  double seconds = example::secondsPerLaunch(kernel, operands);
  v.fetch();

  // The score of the path that is decoded is the best one.
  const TensorRef host[] = {W.host(), e.host(), v0.host(), v.host()};
  std::vector<std::int64_t> path = bestPath(host[0], host[3], 0);
  double score = 0;
  for (std::int64_t t = 1; t < T; ++t)
    score += at(host[0], path[t], path[t - 1]) + at(host[1], std::int64_t(0), t, path[t]);
  double first = at(host[3], std::int64_t(0), std::int64_t(0), path[0]);
  double found = at(host[3], std::int64_t(0), T - 1, path[T - 1]);
  std::printf("path      %lld %lld %lld ... %lld, score %.3f, of its steps %.3f\n",
              static_cast<long long>(path[0]), static_cast<long long>(path[1]),
              static_cast<long long>(path[2]), static_cast<long long>(path[T - 1]), found,
              first + score);
  if (std::abs(first + score - found) > 1e-4 * std::abs(found))
    return exitCode(ErrorKind::mismatch);

  auto reference = orExit(evaluateReference(text, host, options));
  return example::report(kernel, seconds, e.bytes() + v.bytes(),
                         example::compare(v.host(), reference[0]));
}
