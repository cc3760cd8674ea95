//===- WarmStartTest.cpp - A text that was compiled before needs no compiler ---===//
//
// Not linked with the compiler: it is opened on demand. Every start is a process.
//
//===----------------------------------------------------------------------===//
#include "runtime/cache/KernelCache.h"
#include "runtime/compiler/ProgramCache.h"
#include "scanc/SampleInputs.h"
#include "tests/runtime/Sample.h"
#include "tests/support/LoadedCompiler.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

namespace scanc {
namespace {

using testing::ScopedVariable;
using testing_support::hasCompiler;
using testing::ScratchFolder;

constexpr const char *text = "kernel ema(x: f32[B, T, D], alpha: f32[D]) -> (m: f32[B, T, D]) {\n"
                             "  scan T as t over B, D {\n"
                             "    m[t] = (1 - alpha) * m[t-1] + alpha * x[t]\n"
                             "  }\n"
                             "}\n";

CompileOptions optionsFor(const char *target = "sm_90a") {
  CompileOptions options;
  options.target = target;
  return options;
}

/// Whether a process in which `body` runs ends well.
bool inNewProcess(const std::function<bool()> &body) {
  pid_t child = fork();
  if (child == 0)
    _exit(body() ? 0 : 1);
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Compiles the text; whether that went well, and needed the compiler or not.
bool compiles(bool needsCompiler, const CompileOptions &options = optionsFor()) {
  return inNewProcess([&] {
    Result<Program> program = compileProgram(text, options);
    return program && program->name == "ema" && program->sourceText == text &&
           !program->headers.empty() && hasCompiler() == needsCompiler;
  });
}

struct WarmStart : ::testing::Test {
  ScratchFolder folder;
  ScopedVariable cache{"SCANC_CACHE_DIR", folder.path().c_str()};
  ScopedVariable compiler{"SCANC_COMPILER", SCANC_COMPILER_LIBRARY};
};

TEST_F(WarmStart, the_second_process_opens_no_compiler) {
  EXPECT_TRUE(compiles(true));
  EXPECT_TRUE(compiles(false));
  // Nor does one that asks for what a program does not depend on.
  CompileOptions other = optionsFor();
  other.variant = "any_i64";
  EXPECT_TRUE(compiles(false, other));
  const std::function<void(CompileOptions &)> changes[] = {
      [](CompileOptions &o) { o.target = "sm_80"; }, [](CompileOptions &o) { o.sizes = {{"T", 4096}}; },
      [](CompileOptions &o) { o.strategy = "sequential"; },
      [](CompileOptions &o) { o.kernel = "ema"; }};
  for (const auto &change : changes) {
    CompileOptions options = optionsFor();
    change(options);
    EXPECT_TRUE(compiles(true, options));
    EXPECT_TRUE(compiles(false, options));
  }
}

TEST_F(WarmStart, the_program_is_the_same) {
  std::string first = folder / "first", second = folder / "second";
  auto writes = [](const std::string &path) {
    return inNewProcess([&] {
      Result<Program> program = compileProgram(text, optionsFor());
      return program && std::ofstream(path) << toBundle(*program);
    });
  };
  ASSERT_TRUE(writes(first) && writes(second));
  std::stringstream one, other;
  one << std::ifstream(first).rdbuf();
  other << std::ifstream(second).rdbuf();
  EXPECT_GT(one.str().size(), 10000u);
  EXPECT_EQ(one.str(), other.str());
}

TEST_F(WarmStart, so_it_is_with_a_signature) {
  auto asks = [](bool needsCompiler) {
    return inNewProcess([&] {
      auto parameters = signature(text, optionsFor());
      return parameters && parameters->size() == 3 && (*parameters)[2].name == "m" &&
             (*parameters)[1].place.column > 1 && hasCompiler() == needsCompiler;
    });
  };
  EXPECT_TRUE(asks(true));
  EXPECT_TRUE(asks(false));
}

TEST_F(WarmStart, so_it_is_with_the_ranges_of_random_inputs) {
  auto asks = [](bool needsCompiler) {
    return inNewProcess([&] {
      CompileOptions options = optionsFor();
      options.sizes = {{"T", 40}};
      auto samples = sampleInputs(text, options);
      return samples && samples->sizes["T"] == 40 && samples->sizes.contains("D") &&
             samples->inputs.size() == 2 && samples->inputs[1].name == "alpha" &&
             samples->inputs[1].low >= 0 && samples->inputs[1].high <= 2 &&
             samples->lanes == std::vector<std::string>{"B", "D"} &&
             hasCompiler() == needsCompiler;
    });
  };
  EXPECT_TRUE(asks(true));
  EXPECT_TRUE(asks(false));
}

TEST_F(WarmStart, another_compiler_is_asked_again) {
  std::string copy = folder / "libscanc-compiler.so";
  std::filesystem::copy_file(SCANC_COMPILER_LIBRARY, copy);
  ScopedVariable other("SCANC_COMPILER", copy.c_str());
  EXPECT_TRUE(compiles(true));
  EXPECT_TRUE(compiles(false));
  timespec then[2] = {{1000, 0}, {1000, 1}};
  ASSERT_EQ(utimensat(AT_FDCWD, copy.c_str(), then, 0), 0);
  EXPECT_TRUE(compiles(true));
  EXPECT_TRUE(compiles(false));
}

TEST_F(WarmStart, errors_are_not_kept) {
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(inNewProcess([] {
      Result<Program> program = compileProgram("kernel", optionsFor());
      return !program && program.error().code.starts_with("SC1") && hasCompiler();
    }));
  EXPECT_TRUE(rt::entriesOf(folder.path()).empty());
}

TEST_F(WarmStart, without_a_compiler_there_is_no_answer_of_another) {
  EXPECT_TRUE(compiles(true));
  ScopedVariable none("SCANC_COMPILER", "/none");
  EXPECT_TRUE(inNewProcess([] {
    Result<Program> program = compileProgram(text, optionsFor());
    return !program && program.error().code == "SC5010";
  }));
}

TEST_F(WarmStart, a_damaged_entry_is_compiled_again) {
  EXPECT_TRUE(compiles(true));
  for (const rt::EntryFile &entry : rt::entriesOf(folder.path()))
    std::ofstream(entry.path, std::ios::in | std::ios::out).seekp(1000) << '\x01';
  EXPECT_TRUE(compiles(true));
  EXPECT_TRUE(compiles(false));
}

TEST_F(WarmStart, nothing_is_kept_where_that_is_not_wanted) {
  for (const char *mode : {"off", "memory", "ro"}) {
    ScopedVariable variable("SCANC_CACHE", mode);
    for (int i = 0; i < 2; ++i)
      EXPECT_TRUE(compiles(true)) << mode;
  }
  EXPECT_TRUE(rt::entriesOf(folder.path()).empty());
  EXPECT_TRUE(compiles(true));
  ScopedVariable variable("SCANC_CACHE", "ro");
  EXPECT_TRUE(compiles(false));
}

/// The keys of all kernels of a program.
std::vector<std::string> kernelKeys(const Program &program) {
  NvrtcInfo nvrtc;
  std::vector<std::string> keys;
  for (const Entry &entry : program.entries)
    for (const Step &step : entry.steps)
      for (const KernelVariant &variant : std::get<KernelStep>(step).variants)
        for (const CudaSource &unit : rt::sourcesOf(program, variant, "sm_90a"))
          keys.push_back(rt::cacheKey(unit, nvrtc, {}));
  return keys;
}

TEST_F(WarmStart, places_and_comments_change_no_kernel) {
  EXPECT_TRUE(inNewProcess([] {
    CompileOptions options = optionsFor(), elsewhere = options;
    elsewhere.filename = "b.scan";
    auto one = compileProgram(text, options), other = compileProgram(text, elsewhere),
         commented = compileProgram("# three\n# more\n# lines\n" + std::string(text), options);
    return one && other && commented && !kernelKeys(*one).empty() &&
           kernelKeys(*one) == kernelKeys(*other) && kernelKeys(*one) == kernelKeys(*commented);
  }));
  EXPECT_EQ(rt::measureCacheFolder(folder.path()).programs, 3);
}

TEST_F(WarmStart, what_a_program_computes_changes_its_kernels) {
  EXPECT_TRUE(inNewProcess([] {
    CompileOptions options = optionsFor(), bound = options;
    bound.sizes = {{"D", 64}};
    std::string changed = text;
    changed.replace(changed.find("1 -"), 3, "2 -");
    auto one = compileProgram(text, options), other = compileProgram(changed, options),
         fixed = compileProgram(text, bound);
    return one && other && fixed && kernelKeys(*one) != kernelKeys(*other) &&
           kernelKeys(*one) != kernelKeys(*fixed);
  }));
}

TEST_F(WarmStart, a_function_of_a_text_is_compiled_without_the_others) {
  constexpr const char *delta = "kernel delta(k: bf16[B, T, K], v: bf16[B, T, V], beta: f32[B, T]) -> (o: bf16[B, T, V]) {\n"
                                "  scan T as t over B {\n"
                                "    S[t,i,j] = S[t-1,i,j] - beta[t] * k[t,i] * (k[t,l] * S[t-1,l,j])"
                                " + beta[t] * k[t,i] * v[t,j]\n"
                                "    o[t,j] = k[t,i] * S[t,i,j]\n  }\n}\n";
  EXPECT_TRUE(inNewProcess([] {
    CompileOptions options = optionsFor("sm_80");
    options.strategy = "chunkwise";
    options.sizes = {{"B", 2}, {"T", 64}, {"K", 16}, {"V", 16}};
    Result<Program> program = compileProgram(delta, options);
    if (!program)
      return false;
    const auto &variant = std::get<KernelStep>(program->entries[0].steps[0]).variants.front();
    std::multiset<std::string> found;
    for (const CudaSource &unit : rt::sourcesOf(*program, variant, "sm_80")) {
      Result<CompiledKernel> kernel = compileCuda(unit);
      if (!kernel)
        return kernel.error().code == "SC5001"; // there is no NVRTC
      if (kernel->stats.size() != 1)
        return false;
      found.insert(kernel->stats.front().entry);
    }
    return found == std::multiset<std::string>{"scanc_delta", "scanc_delta_chunk_inverses"};
  }));
}

} // namespace
} // namespace scanc
