//===- Isolated.cpp - Fork, check, tell the parent ------------------------===//
#include "tests/smith/Isolated.h"

#include <csignal>
#include <cstring>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace scanc::smith {

/// A count a line, then three texts with their lengths where there is a finding.
static std::string written(const Tally &tally, const std::optional<Finding> &finding) {
  std::ostringstream text;
  text << tally.size() << "\n";
  for (const auto &[name, count] : tally)
    text << count << " " << name << "\n";
  if (finding)
    for (const std::string &part : {finding->how, finding->strategy, finding->what})
      text << part.size() << "\n" << part << "\n";
  return text.str();
}

static std::optional<Finding> readBack(const std::string &written, Tally &tally) {
  std::istringstream text(written);
  std::size_t names = 0;
  text >> names;
  for (std::size_t i = 0; i < names; ++i) {
    std::int64_t count = 0;
    std::string name;
    text >> count;
    text.get();
    std::getline(text, name);
    tally[name] += count;
  }
  Finding finding;
  for (std::string *part : {&finding.how, &finding.strategy, &finding.what}) {
    std::size_t size = 0;
    if (!(text >> size))
      return std::nullopt;
    text.get();
    part->resize(size);
    text.read(part->data(), static_cast<std::streamsize>(size));
  }
  return finding;
}

std::optional<Finding> checkInChild(const RandomProgram &program, const Effort &effort, Tally &tally, unsigned seconds) {
  int ends[2];
  if (pipe(ends) != 0)
    return Finding{"pipe", std::strerror(errno), ""};
  pid_t child = fork();
  if (child < 0)
    return Finding{"fork", std::strerror(errno), ""};
  if (child == 0) {
    close(ends[0]);
    alarm(seconds);
    Tally done;
    std::optional<Finding> finding = check(program, effort, done);
    std::string text = written(done, finding);
    for (std::size_t at = 0; at < text.size();) {
      ssize_t count = write(ends[1], text.data() + at, text.size() - at);
      if (count <= 0)
        break;
      at += static_cast<std::size_t>(count);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char piece[4096];
  for (ssize_t count; (count = read(ends[0], piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    int number = WTERMSIG(status);
    return Finding{number == SIGALRM ? "time" : "crash",
                   number == SIGALRM ? "took more than " + std::to_string(seconds) + " seconds" : strsignal(number), ""};
  }
  if (WEXITSTATUS(status) != 0)
    return Finding{"crash", "ended with exit code " + std::to_string(WEXITSTATUS(status)), ""};
  return readBack(text, tally);
}

} // namespace scanc::smith
