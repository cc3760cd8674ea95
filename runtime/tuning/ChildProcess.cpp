//===- ChildProcess.cpp - A program that is spoken with -------------------===//
#include "runtime/tuning/ChildProcess.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char **environ;

namespace scanc::tuning {

/// A longer line is no answer of ours.
static constexpr std::size_t longestLine = std::size_t(64) << 20;

std::optional<ChildProcess> ChildProcess::start(const std::string &program,
                                                const std::vector<std::string> &arguments,
                                                std::string &failure) {
  auto fail = [&](int reason) {
    failure = fmt::format("cannot start '{}': {}", program, std::strerror(reason));
    return std::nullopt;
  };
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char *> argv{const_cast<char *>(program.c_str())};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  ChildProcess child;
  int failed =
      posix_spawn(&child.process, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  child.socket = ends[0];
  if (failed == 0)
    return child;
  child.process = -1;
  return fail(failed);
}

ChildProcess::ChildProcess(ChildProcess &&other) noexcept
    : process(std::exchange(other.process, -1)), socket(std::exchange(other.socket, -1)),
      unread(std::move(other.unread)) {}

ChildProcess &ChildProcess::operator=(ChildProcess &&other) noexcept {
  std::swap(process, other.process);
  std::swap(socket, other.socket);
  std::swap(unread, other.unread);
  return *this;
}

bool ChildProcess::write(std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

ChildProcess::Reading ChildProcess::readLine(std::string &line, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(seconds));
  for (;;) {
    if (std::size_t length = unread.find('\n'); length != std::string::npos) {
      line = unread.substr(0, length);
      unread.erase(0, length + 1);
      return Reading::line;
    }
    if (unread.size() > longestLine)
      return Reading::ended;
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0)
      return Reading::late;
    pollfd waiting{socket, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0)
      continue; // late, which the clock says, or a signal
    char buffer[65536];
    ssize_t got = recv(socket, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return Reading::ended;
    unread.append(buffer, static_cast<std::size_t>(got));
  }
}

std::string ChildProcess::end() {
  if (socket >= 0)
    close(std::exchange(socket, -1));
  if (process < 0)
    return "";
  pid_t ended = std::exchange(process, -1);
  int status = 0;
  // One that ends by itself may still be on its way.
  for (int i = 0; i < 20 && waitpid(ended, &status, WNOHANG) == 0; ++i)
    if (i == 19) {
      kill(ended, SIGKILL);
      while (waitpid(ended, &status, 0) < 0 && errno == EINTR) {
      }
    } else {
      usleep(5000);
    }
  if (WIFEXITED(status))
    return fmt::format("exit code {}", WEXITSTATUS(status));
  return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

} // namespace scanc::tuning
