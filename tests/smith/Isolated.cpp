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

/// Checks programs until one is a finding, and sends what came of each, after its length.
[[noreturn]] static void beChild(std::span<const RandomProgram> programs, const Effort &effort, unsigned seconds, int out) {
  for (const RandomProgram &program : programs) {
    alarm(seconds);
    Tally done;
    std::optional<Finding> finding = check(program, effort, done);
    std::string text = written(done, finding);
    text = std::to_string(text.size()) + "\n" + text;
    for (std::size_t at = 0; at < text.size();) {
      ssize_t count = write(out, text.data() + at, text.size() - at);
      if (count <= 0)
        _exit(1);
      at += static_cast<std::size_t>(count);
    }
    if (finding) // a kernel's fault may have left the process or the GPU's context unfit for others
      break;
  }
  _exit(0);
}

/// How a child ended that did not get to its last program; nothing where it ended by itself.
static std::optional<Finding> faultOf(int status, unsigned seconds) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return Finding{"time", "took more than " + std::to_string(seconds) + " seconds", ""};
  if (WIFSIGNALED(status))
    return Finding{"crash", strsignal(WTERMSIG(status)), ""};
  if (WEXITSTATUS(status) != 0)
    return Finding{"crash", "ended with exit code " + std::to_string(WEXITSTATUS(status)), ""};
  return std::nullopt;
}

namespace {
/// What a child has told.
struct Outcome {
  std::size_t checked = 0; ///< programs, the one of the finding included
  std::optional<Finding> finding;
};
} // namespace

/// Takes all that a child sends until it ends.
static Outcome listen(int in, Tally &tally) {
  Outcome outcome;
  std::string text;
  char piece[4096];
  for (ssize_t count; (count = read(in, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(count));
    for (std::size_t line; (line = text.find('\n')) != std::string::npos;) {
      std::size_t size = std::stoul(text);
      if (text.size() - line - 1 < size)
        break;
      outcome.finding = readBack(text.substr(line + 1, size), tally);
      ++outcome.checked;
      text.erase(0, line + 1 + size);
    }
  }
  return outcome;
}

/// Lets a child check programs from the first on.
static Outcome checkSome(std::span<const RandomProgram> programs, const Effort &effort, Tally &tally, unsigned seconds) {
  int ends[2];
  if (pipe(ends) != 0)
    return {1, Finding{"pipe", std::strerror(errno), ""}};
  pid_t child = fork();
  if (child < 0)
    return {1, Finding{"fork", std::strerror(errno), ""}};
  if (child == 0) {
    close(ends[0]);
    beChild(programs, effort, seconds, ends[1]);
  }
  close(ends[1]);
  Outcome outcome = listen(ends[0], tally);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (outcome.finding || outcome.checked == programs.size())
    return outcome;
  outcome.finding = faultOf(status, seconds);
  ++outcome.checked;
  return outcome;
}

void checkInChildren(std::span<const RandomProgram> programs, const Effort &effort, Tally &tally, unsigned seconds,
                     const std::function<void(std::size_t, const Finding &)> &tell) {
  for (std::size_t at = 0; at < programs.size();) {
    Outcome outcome = checkSome(programs.subspan(at), effort, tally, seconds);
    at += outcome.checked;
    if (outcome.finding)
      tell(at - 1, *outcome.finding);
  }
}

std::optional<Finding> checkInChild(const RandomProgram &program, const Effort &effort, Tally &tally, unsigned seconds) {
  return checkSome({&program, 1}, effort, tally, seconds).finding;
}

} // namespace scanc::smith
