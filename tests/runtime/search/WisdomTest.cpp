//===- WisdomTest.cpp - Records on the disk, and which of them serves ------===//
#include "runtime/search/Recorded.h"
#include "runtime/wisdom/Wisdom.h"

#include "gtest/gtest.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace scanc;
using namespace scanc::rt;

namespace {

/// A path of its own, removed afterwards.
struct TemporaryFile {
  std::string path =
      (std::filesystem::temp_directory_path() /
       ("scanc-wisdom-" + std::to_string(getpid()) + "-" +
        testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl"))
          .string();
  TemporaryFile() { std::filesystem::remove(path); }
  ~TemporaryFile() { std::filesystem::remove(path); }
};

Record pickOf(std::map<std::string, std::int64_t> sizes, const std::string &strategy,
              const std::string &device = "Fictional 9000") {
  Record record;
  record.kind = "pick";
  record.key = "kernel";
  record.kernel = "decay";
  record.sizes = std::move(sizes);
  record.dtypes = {{"a", "f32"}};
  record.target = "sm_90a";
  record.machine = {device, 132, 13000, "13.0", "0.1.0"};
  record.strategy = strategy;
  record.outcome = "ok";
  record.seconds = 1.25e-5;
  record.samples = {1.2e-5, 1.25e-5, 1.3e-5};
  return record;
}

WisdomQuery here(std::map<std::string, std::int64_t> sizes) {
  return {"kernel", std::move(sizes), "sm_90a", "Fictional 9000", 132};
}

void write(const std::string &path, const std::string &text) { std::ofstream(path, std::ios::app) << text; }

} // namespace

TEST(Records, a_record_reads_back_as_it_was_written) {
  Record record = pickOf({{"T", 4096}, {"D", 64}}, "blelloch(ring=3)");
  record.file = "a \"quoted\"\nname";
  std::optional<Record> read = fromLine(toLine(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(toLine(*read), toLine(record));
  EXPECT_EQ(read->machine, record.machine);
  EXPECT_EQ(read->samples, record.samples);
}

TEST(Records, lines_that_are_no_records_are_skipped_and_counted) {
  TemporaryFile file;
  ASSERT_TRUE(appendRecord(file.path, pickOf({{"T", 1}}, "sequential")));
  std::string line = toLine(pickOf({{"T", 2}}, "sequential"));
  write(file.path, "no json\n[1, 2]\n{\"schema\": 2}\n\n" + line.substr(0, line.size() / 2));
  ASSERT_TRUE(appendRecord(file.path, pickOf({{"T", 3}}, "sequential"))); // after a torn line
  RecordFile read = *readRecords(file.path);
  EXPECT_EQ(read.records.size(), 2U);
  EXPECT_EQ(read.skipped, 4);
  EXPECT_EQ(read.records[1].sizes.at("T"), 3);
}

TEST(Records, a_line_cut_anywhere_costs_that_line_alone) {
  std::string line = toLine(pickOf({{"T", 2}}, "sequential"));
  for (std::size_t length = 1; length + 1 < line.size(); length += 7) {
    TemporaryFile file;
    write(file.path, line + line.substr(0, length));
    ASSERT_TRUE(appendRecord(file.path, pickOf({{"T", 3}}, "sequential")));
    RecordFile read = *readRecords(file.path);
    EXPECT_EQ(read.records.size(), 2U) << length;
    EXPECT_EQ(read.skipped, 1) << length;
  }
}

TEST(Records, a_file_that_does_not_exist_has_none) {
  RecordFile read = *readRecords("/nonexistent/folder/wisdom.jsonl");
  EXPECT_TRUE(read.records.empty());
}

TEST(Records, a_place_that_cannot_be_written_is_named) {
  Result<void> added = appendRecord("/nonexistent/folder/wisdom.jsonl", pickOf({}, "sequential"));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, "SC7021");
}

TEST(Records, a_full_disk_loses_the_record_that_does_not_fit_and_no_other) {
  TemporaryFile file;
  Record record = pickOf({{"T", 1}}, "sequential");
  auto lineBytes = static_cast<rlim_t>(toLine(record).size());
  pid_t child = fork();
  if (child == 0) { // files may be two and a half lines long
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{lineBytes * 5 / 2, lineBytes * 5 / 2};
    setrlimit(RLIMIT_FSIZE, &limit);
    bool first = static_cast<bool>(appendRecord(file.path, record));
    bool second = static_cast<bool>(appendRecord(file.path, record));
    bool third = static_cast<bool>(appendRecord(file.path, record));
    _exit(first && second && !third ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  RecordFile read = *readRecords(file.path);
  EXPECT_EQ(read.records.size(), 2U);
  EXPECT_EQ(read.skipped, 0);
}

TEST(Records, a_killed_writer_loses_one_record_at_most) {
  TemporaryFile file;
  int written[2];
  ASSERT_EQ(pipe(written), 0);
  pid_t child = fork();
  if (child == 0) {
    for (char one = 1;;)
      if (appendRecord(file.path, pickOf({{"T", 1}}, "sequential")) && ::write(written[1], &one, 1) != 1)
        _exit(1);
  }
  close(written[1]);
  char one;
  std::size_t known = 0;
  while (known < 20 && read(written[0], &one, 1) == 1)
    ++known;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(written[0], &one, 1) == 1)
    ++known;
  close(written[0]);
  RecordFile read = *readRecords(file.path);
  EXPECT_GE(read.records.size(), known);
  EXPECT_LE(read.skipped, 1);
}

TEST(Records, writers_at_once_mix_no_lines) {
  TemporaryFile file;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&, i] {
      for (int k = 0; k < 25; ++k)
        EXPECT_TRUE(appendRecord(file.path, pickOf({{"T", i}}, "sequential")));
    });
  for (std::thread &writer : writers)
    writer.join();
  RecordFile read = *readRecords(file.path);
  EXPECT_EQ(read.records.size(), 100U);
  EXPECT_EQ(read.skipped, 0);
}

TEST(Wisdom, the_same_sizes_on_the_same_device_are_exact) {
  std::vector<Record> records{pickOf({{"T", 1024}}, "near"), pickOf({{"T", 4096}}, "same"),
                              pickOf({{"T", 4096}}, "elsewhere", "Fictional 7000")};
  auto ranked = rankWisdom(records, here({{"T", 4096}}));
  ASSERT_EQ(ranked.size(), 3U);
  EXPECT_EQ(ranked[0].match, WisdomMatch::exact);
  EXPECT_EQ(ranked[0].record->strategy, "same");
  EXPECT_EQ(ranked[1].match, WisdomMatch::nearestSizes);
  EXPECT_EQ(ranked[1].doublings > 1.9 && ranked[1].doublings < 2.1, true);
  EXPECT_EQ(ranked[2].match, WisdomMatch::otherDevice);
}

TEST(Wisdom, the_latest_of_the_same_sizes_serves) {
  std::vector<Record> records{pickOf({{"T", 64}}, "old"), pickOf({{"T", 64}}, "new")};
  auto ranked = rankWisdom(records, here({{"T", 64}}));
  ASSERT_EQ(ranked.size(), 1U);
  EXPECT_EQ(ranked[0].record->strategy, "new");
}

TEST(Wisdom, sizes_more_than_four_times_apart_serve_nobody) {
  std::vector<Record> records{pickOf({{"T", 64}, {"D", 8}}, "far")};
  EXPECT_TRUE(rankWisdom(records, here({{"T", 1024}, {"D", 8}})).empty());
  EXPECT_EQ(rankWisdom(records, here({{"T", 256}, {"D", 2}})).size(), 1U);
}

TEST(Wisdom, another_kernel_another_target_and_failures_serve_nobody) {
  Record other = pickOf({{"T", 64}}, "a"), target = other, failed = other, evaluation = other;
  other.key = "another";
  target.target = "sm_80";
  failed.outcome = "wrong";
  evaluation.kind = "evaluation";
  EXPECT_TRUE(rankWisdom({other, target, failed, evaluation}, here({{"T", 64}})).empty());
}

TEST(Wisdom, a_size_that_is_left_open_is_not_compared) {
  std::vector<Record> records{pickOf({{"T", 64}, {"D", 8}}, "any")};
  auto ranked = rankWisdom(records, here({{"D", 8}}));
  ASSERT_EQ(ranked.size(), 1U);
  EXPECT_EQ(ranked[0].match, WisdomMatch::nearestSizes);
}

TEST(Wisdom, the_digest_follows_the_file) {
  TemporaryFile file;
  EXPECT_EQ(wisdomDigest(file.path), "");
  ASSERT_TRUE(appendRecord(file.path, pickOf({}, "sequential")));
  std::string before = wisdomDigest(file.path);
  ASSERT_TRUE(appendRecord(file.path, pickOf({}, "sequential")));
  EXPECT_NE(before, "");
  EXPECT_NE(wisdomDigest(file.path), before);
}

TEST(Wisdom, a_file_that_is_given_goes_before_the_environment) {
  setenv("SCANC_WISDOM", "/from/environment", 1);
  EXPECT_EQ(wisdomFile(""), "/from/environment");
  EXPECT_EQ(wisdomFile("/given"), "/given");
  EXPECT_EQ(wisdomFile("off"), "");
  unsetenv("SCANC_WISDOM");
  EXPECT_EQ(wisdomFile(""), "");
}

TEST(Recorded, a_problem_is_its_kernel_sizes_and_device) {
  std::vector<Record> records;
  for (const char *device : {"A", "B"})
    for (std::int64_t size : {1, 2})
      for (const char *strategy : {"sequential", "blelloch"}) {
        records.push_back(pickOf({{"T", size}}, strategy, device));
        records.back().kind = "evaluation";
      }
  records.push_back(records.front()); // measured again: the latest counts
  records.back().seconds = 5;
  auto problems = search::problemsOf(records);
  ASSERT_EQ(problems.size(), 4U);
  EXPECT_EQ(problems[0].records.size(), 2U);
  EXPECT_EQ(problems[0].secondsOf("sequential"), 5);
}
