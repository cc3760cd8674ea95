//===- tuning/ChildProcess.h - A program that is spoken with ----*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_CHILDPROCESS_H
#define SCANC_RUNTIME_TUNING_CHILDPROCESS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace scanc::tuning {

/// A process whose stdin and stdout are ours, line by line. Ended with this value.
class ChildProcess {
public:
  /// Nothing where it cannot be started; `failure` says why.
  static std::optional<ChildProcess> start(const std::string &program,
                                           const std::vector<std::string> &arguments,
                                           std::string &failure);
  ChildProcess(ChildProcess &&other) noexcept;
  ChildProcess &operator=(ChildProcess &&other) noexcept;
  ~ChildProcess() { end(); }

  /// False where nobody reads any more.
  bool write(std::string_view text);

  enum class Reading : std::uint8_t { line, late, ended };
  /// Waits for a line, without its end; `seconds` at most.
  Reading readLine(std::string &line, double seconds);

  /// Kills it if it still runs, and says how it ended: "exit code 3", "signal 11 (Segmentation
  /// fault)". Once.
  std::string end();

private:
  ChildProcess() = default;

  pid_t process = -1;
  int socket = -1;
  std::string unread;
};

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_CHILDPROCESS_H
