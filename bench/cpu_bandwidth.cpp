//===- cpu_bandwidth.cpp - The CPU backend against plain loops ------------===//
//
// GB/s of tensor bytes read and written on one thread, median of repeats, both
// sides in turn so that they meet the same noise. Prints a Markdown table; with a
// file name, appends it there.
//
//===----------------------------------------------------------------------===//
#include "cpu_loops.h"
#include "scanc/Compile.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <random>

using namespace scanc;

namespace {

struct Case {
  std::string name, text;
  std::vector<std::int64_t> sizes; ///< in memory order
  std::size_t inputs;
  std::function<void(std::vector<std::vector<float>> &)> loop; ///< tensors: inputs, result
};

double seconds(const std::function<void()> &work) {
  auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> list) {
  std::nth_element(list.begin(), list.begin() + list.size() / 2, list.end());
  return list[list.size() / 2];
}

std::string kernel(const std::string &signature, const std::string &dims, const std::string &body) {
  return fmt::format("kernel k({}: f32{}) -> ({}: f32{}) {{ scan T as t over B, D {{\n{}\n}} }}",
                     signature.substr(0, signature.find('>')), dims,
                     signature.substr(signature.find('>') + 1), dims, body);
}

std::vector<Case> cases() {
  using namespace scanc::bench;
  const std::string gated = "s = sigmoid(f[t])\nh[t] = s * h[t-1] + (1 - s) * x[t]\n"
                            "y[t] = h[t] * silu(z[t])";
  const std::string linear = "h[t] = a[t] * h[t-1] + b[t]";
  auto gatedLoop = [](auto run, std::int64_t B, std::int64_t T, std::int64_t D) {
    return [=](std::vector<std::vector<float>> &v) {
      run(v[0].data(), v[1].data(), v[2].data(), v[3].data(), B, T, D);
    };
  };
  auto linearLoop = [](auto run, std::int64_t B, std::int64_t T, std::int64_t D) {
    return [=](std::vector<std::vector<float>> &v) {
      run(v[0].data(), v[1].data(), v[2].data(), B, T, D);
    };
  };
  return {{"gated [8,2048,1024] lanes innermost", kernel("f, x, z>y", "[B, T, D]", gated),
           {8, 2048, 1024}, 3, gatedLoop(gatedLanesInnermost, 8, 2048, 1024)},
          {"gated [8,1024,2048] time innermost", kernel("f, x, z>y", "[B, D, T]", gated),
           {8, 1024, 2048}, 3, gatedLoop(gatedTimeInnermost, 8, 2048, 1024)},
          {"linear [8,2048,1024] lanes innermost", kernel("a, b>h", "[B, T, D]", linear),
           {8, 2048, 1024}, 2, linearLoop(linearLanesInnermost, 8, 2048, 1024)},
          {"linear [8,1024,2048] time innermost", kernel("a, b>h", "[B, D, T]", linear),
           {8, 1024, 2048}, 2, linearLoop(linearTimeInnermost, 8, 2048, 1024)}};
}

std::string measure(const Case &c, int repeats) {
  std::int64_t count = 1;
  for (std::int64_t size : c.sizes)
    count *= size;
  std::vector<std::vector<float>> tensors(c.inputs + 1, std::vector<float>(count));
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> number(-1, 1);
  for (std::size_t i = 0; i < c.inputs; ++i)
    for (float &x : tensors[i])
      x = number(engine);
  std::vector<float> ours(count);
  std::vector<TensorRef> operands;
  for (std::size_t i = 0; i <= c.inputs; ++i)
    operands.push_back({i < c.inputs ? tensors[i].data() : ours.data(), Dtype::f32, c.sizes, {}});

  CompileOptions options;
  options.target = "cpu";
  std::optional<Kernel> compiled;
  double compileTime = seconds([&] { compiled = orExit(compile(c.text, options)); });
  std::vector<double> loop, scan;
  for (int i = 0; i <= repeats; ++i) {
    double l = seconds([&] { c.loop(tensors); });
    double s = seconds([&] { orExit(compiled->launch(operands)); });
    if (i == 0) // warms up
      continue;
    loop.push_back(l);
    scan.push_back(s);
  }
  float worst = 0;
  for (std::int64_t i = 0; i < count; ++i)
    worst = std::max(worst, std::fabs(ours[i] - tensors.back()[i]));
  double bytes = static_cast<double>(count) * sizeof(float) * (c.inputs + 1) * 1e-9;
  return fmt::format("| {} | {:.2f} | {:.2f} | {:.2f} | {:.0f} | {:.1e} |\n", c.name,
                     bytes / median(loop), bytes / median(scan), median(loop) / median(scan),
                     compileTime * 1e3, worst);
}

std::string cpuModel() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

} // namespace

int main(int argc, char **argv) {
  setenv("SCANC_CPU_THREADS", "1", 1);
  int repeats = argc > 1 ? std::atoi(argv[1]) : 7;
  if (repeats < 1 || argc > 3) {
    fmt::print(stderr, "usage: scanc-bench-cpu [REPEATS [FILE]]\n");
    return 2;
  }
  std::string table = fmt::format(
      "\n## {:%Y-%m-%d %H:%M} UTC, {}\n\n`scanc-bench-cpu {}`: f32, one thread, median of {}. "
      "`loop`: g++ -O3 -march=native.\n\n"
      "| case | loop GB/s | scanc GB/s | scanc/loop | compile ms | largest difference |\n"
      "|---|---|---|---|---|---|\n",
      fmt::gmtime(std::time(nullptr)), cpuModel(), repeats, repeats);
  for (const Case &c : cases())
    table += measure(c, repeats);
  fmt::print("{}", table);
  if (argc == 3)
    std::ofstream(argv[2], std::ios::app) << table;
  return 0;
}
