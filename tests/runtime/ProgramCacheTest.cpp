//===- ProgramCacheTest.cpp - Programs kept by the text they were made from ---===//
#include "runtime/compiler/ProgramCache.h"
#include "Sample.h"
#include "runtime/cache/KeyText.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <set>

namespace scanc::rt {
namespace {

using testing::sampleProgram;
using testing::ScopedVariable;
using testing::ScratchFolder;

ProgramCache cacheIn(const std::string &folder) { return ProgramCache(resolveCacheFolder(folder)); }

/// The file of the one entry of a folder.
std::string onlyEntry(const std::string &folder) {
  std::vector<EntryFile> entries = entriesOf(folder);
  EXPECT_EQ(entries.size(), 1u);
  return entries.empty() ? "" : entries[0].path;
}

TEST(ProgramCache, gives_back_the_whole_program) {
  ScratchFolder folder;
  ProgramCache cache = cacheIn(folder.path());
  EXPECT_FALSE(cache.read("key"));
  for (const Program &program : {sampleProgram(), testing::workspaceProgram(), Program()}) {
    ScratchFolder own;
    ProgramCache first = cacheIn(own.path()), second = cacheIn(own.path());
    first.write("key", program);
    std::optional<Program> read = second.read("key");
    ASSERT_TRUE(read);
    EXPECT_TRUE(*read == program);
    EXPECT_FALSE(second.read("another key"));
  }
}

TEST(ProgramCache, every_damage_is_seen) {
  ScratchFolder folder;
  cacheIn(folder.path()).write("key", sampleProgram());
  std::string entry = *readEntry(onlyEntry(folder.path())).bytes;
  ASSERT_TRUE(fromEntry(entry, "key"));
  for (std::size_t length = 0; length < entry.size(); length += 64)
    EXPECT_FALSE(fromEntry(entry.substr(0, length), "key")) << length;
  for (std::size_t i = 0; i < entry.size(); ++i) {
    std::string damaged = entry;
    damaged[i] = static_cast<char>(damaged[i] ^ 1 << i % 8);
    EXPECT_FALSE(fromEntry(damaged, "key")) << i;
  }
}

TEST(ProgramCache, a_damaged_entry_is_set_aside) {
  ScratchFolder folder;
  ProgramCache cache = cacheIn(folder.path());
  cache.write("key", sampleProgram());
  std::ofstream(onlyEntry(folder.path()), std::ios::app) << "x";
  EXPECT_FALSE(cache.read("key"));
  EXPECT_EQ(measureCacheFolder(folder.path()).quarantined, 1);
  cache.write("key", sampleProgram());
  EXPECT_TRUE(cache.read("key"));
}

/// A whole entry of another layout is no program, and no crash.
TEST(ProgramCache, fields_that_are_no_program_are_a_miss) {
  ScratchFolder folder;
  ProgramCache cache = cacheIn(folder.path());
  DiskCache raw(EntryKind::program, {.writable = folder.path(), .readOnly = "", .reason = ""});
  int key = 0;
  for (const EntryFields &fields :
       {EntryFields{}, EntryFields{""}, EntryFields{"{}"}, EntryFields{"{}", "name"},
        EntryFields{toBundle(sampleProgram()), "name without text"}}) {
    raw.write(std::to_string(key), fields);
    EXPECT_FALSE(cache.read(std::to_string(key))) << key;
    ++key;
  }
}

TEST(ProgramCache, a_killed_writer_leaves_no_part_of_an_entry) {
  ScratchFolder folder;
  Program program = sampleProgram();
  program.headers["scanc/large.cuh"] = std::string(100000, 'x');
  constexpr int kills = 100;
  for (int round = 0; round < kills; ++round) {
    pid_t child = fork();
    if (child == 0) {
      ProgramCache cache = cacheIn(folder.path());
      for (int i = 0;; ++i)
        cache.write(std::to_string(round) + "/" + std::to_string(i), program);
    }
    usleep(1000 + 37 * (round * 7 % 300));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  ProgramCache cache = cacheIn(folder.path());
  int found = 0;
  for (int round = 0; round < kills; ++round)
    for (int i = 0;; ++i, ++found) {
      std::optional<Program> read = cache.read(std::to_string(round) + "/" + std::to_string(i));
      if (!read)
        break;
      ASSERT_TRUE(*read == program);
    }
  EXPECT_GT(found, 0);
  EXPECT_EQ(measureCacheFolder(folder.path()).quarantined, 0);
}

struct Inputs {
  Question question = Question::program;
  std::string text = "kernel sum(x: f32[T]) -> (y: f32[T]) {}";
  CompileOptions options;
  std::string compiler = "1 bytes of 2.3", wisdom;
  std::string key() const { return aliasKey(question, text, options, compiler, wisdom); }
};

TEST(ProgramCache, the_key_changes_with_everything_that_changes_the_program) {
  const std::function<void(Inputs &)> changes[] = {
      [](Inputs &) {},
      [](Inputs &i) { i.question = Question::signature; },
      [](Inputs &i) { i.text += ' '; },
      [](Inputs &i) { i.text += '\n'; },
      [](Inputs &i) { i.text = "# a comment\n" + i.text; },
      [](Inputs &i) { i.text[7] = 'S'; },
      [](Inputs &i) { i.text.clear(); },
      [](Inputs &i) { i.text += std::string(1, '\0'); },
      [](Inputs &i) { i.options.filename = "other.scan"; },
      [](Inputs &i) { i.options.filename.clear(); },
      [](Inputs &i) { i.options.kernel = "sum"; },
      [](Inputs &i) { i.options.kernel = "sum2"; },
      [](Inputs &i) { i.options.strategy = "blelloch"; },
      [](Inputs &i) { i.options.strategy = "blelloch(lanes=2)"; },
      [](Inputs &i) { i.options.strategy = "sequential"; },
      [](Inputs &i) { i.options.target = "sm_80"; },
      [](Inputs &i) { i.options.target = "sm_90"; },
      [](Inputs &i) { i.options.target = "sm_90a"; },
      [](Inputs &i) { i.options.sizes = {{"T", 1}}; },
      [](Inputs &i) { i.options.sizes = {{"T", 2}}; },
      [](Inputs &i) { i.options.sizes = {{"T", 0}}; },
      [](Inputs &i) { i.options.sizes = {{"T", 12}}; },
      [](Inputs &i) { i.options.sizes = {{"T", std::int64_t(1) << 40}}; },
      [](Inputs &i) { i.options.sizes = {{"T", (std::int64_t(1) << 40) + 1}}; },
      [](Inputs &i) { i.options.sizes = {{"D", 1}}; },
      [](Inputs &i) { i.options.sizes = {{"T", 1}, {"D", 1}}; },
      [](Inputs &i) { i.options.sizes = {{"T", 1}, {"D", 2}}; },
      [](Inputs &i) { i.options.sizes = {{"T", 2}, {"D", 1}}; },
      [](Inputs &i) { i.options.from = Stage::ast; },
      [](Inputs &i) { i.options.from = Stage::scan; },
      [](Inputs &i) { i.options.from = Stage::affine; },
      [](Inputs &i) { i.options.from = Stage::plan; },
      [](Inputs &i) { i.compiler = "2 bytes of 2.3"; },
      [](Inputs &i) { i.compiler = "1 bytes of 2.4"; },
      [](Inputs &i) { i.wisdom = "0123"; },
      [](Inputs &i) { i.wisdom = "0124"; },
      // What stands in one part does not read as another.
      [](Inputs &i) { i.options.kernel = "a\nstrategy 1:b"; },
      [](Inputs &i) { i.options.kernel = "a", i.options.strategy = "b"; },
      [](Inputs &i) { i.options.kernel = "ab"; },
      [](Inputs &i) { i.options.strategy = "ab"; },
      [](Inputs &i) { i.options.sizes = {{"T = 1", 2}}; },
      [](Inputs &i) { i.text = "T = 1"; },
  };
  std::set<std::string> keys;
  for (const auto &change : changes) {
    Inputs inputs;
    change(inputs);
    EXPECT_TRUE(keys.insert(inputs.key()).second) << inputs.key();
    EXPECT_FALSE(partsOfKey(inputs.key()).empty());
  }
  EXPECT_GE(keys.size(), 40u);

  const std::function<void(Inputs &)> irrelevant[] = {
      [](Inputs &i) { i.options.variant = "any_i64"; },
      [](Inputs &i) { i.options.load.device = 1; },
      [](Inputs &i) { i.options.load.cacheDirectory = "/elsewhere"; },
  };
  for (const auto &change : irrelevant) {
    Inputs inputs;
    change(inputs);
    EXPECT_EQ(inputs.key(), Inputs().key());
  }
}

TEST(ProgramCache, modes_of_the_environment) {
  ScratchFolder folder;
  cacheIn(folder.path()).write("kept", sampleProgram());
  struct {
    const char *mode;
    bool reads, writes;
  } cases[] = {{"off", false, false}, {"memory", false, false}, {"ro", true, false},
               {"rw", true, true},    {"on", false, false},     {"", true, true}};
  for (const auto &[mode, reads, writes] : cases) {
    ScopedVariable variable("SCANC_CACHE", mode);
    ProgramCache cache = cacheIn(folder.path());
    EXPECT_EQ(cache.read("kept").has_value(), reads) << mode;
    std::string fresh = std::string("new ") + mode;
    cache.write(fresh, sampleProgram());
    EXPECT_EQ(cache.read(fresh).has_value(), writes) << mode;
  }
  ScopedVariable wrong("SCANC_CACHE", "on");
  EXPECT_EQ(resolveCacheFolder("").reason, "SCANC_CACHE: expected off, memory, ro or rw, got 'on'");
}

} // namespace
} // namespace scanc::rt
