//===- Disassemble.cpp - Machine code as text, by the toolkit's tools -----===//
#include "tools/scanc/Artifacts.h"
#include "tools/scanc/Report.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace scanc::cli {

namespace {

/// A file in the temporary folder, removed with this value.
class TemporaryFile {
public:
  explicit TemporaryFile(std::string_view bytes) {
    std::error_code failed;
    path = (std::filesystem::temp_directory_path(failed) / "scanc-XXXXXX").string();
    int file = mkstemp(path.data());
    if (file < 0)
      return;
    std::FILE *stream = fdopen(file, "wb");
    written = std::fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size();
    written &= std::fclose(stream) == 0;
  }
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;
  ~TemporaryFile() { unlink(path.c_str()); }

  std::string path;
  bool written = false;
};

} // namespace

/// The tool `name` on PATH or in a toolkit; empty where there is none.
static std::string findTool(const std::string &name) {
  std::vector<std::string> folders;
  for (const char *root : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *value = std::getenv(root))
      folders.push_back(std::string(value) + "/bin");
  if (const char *path = std::getenv("PATH")) {
    std::istringstream parts(path);
    for (std::string part; std::getline(parts, part, ':');)
      folders.push_back(part);
  }
  folders.push_back("/usr/local/cuda/bin");
  for (const std::string &folder : folders)
    if (std::string tool = folder + "/" + name; access(tool.c_str(), X_OK) == 0)
      return tool;
  return "";
}

/// What `command` writes to stdout; nothing where it fails.
static std::optional<std::string> outputOf(std::vector<std::string> command) {
  int ends[2];
  if (pipe(ends) != 0)
    return std::nullopt;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::vector<char *> arguments;
  for (std::string &word : command)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  bool started = posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  char buffer[1 << 16];
  for (ssize_t count; started && (count = read(ends[0], buffer, sizeof(buffer))) > 0;)
    output.append(buffer, static_cast<std::size_t>(count));
  close(ends[0]);
  int status = -1;
  if (!started || waitpid(child, &status, 0) != child || status != 0)
    return std::nullopt;
  return output;
}

Result<std::string> disassemble(std::string_view cubin) {
  std::string tool = findTool("nvdisasm");
  std::vector<std::string> command{tool};
  if (tool.empty()) {
    tool = findTool("cuobjdump");
    command = {tool, "--dump-sass"};
  }
  if (tool.empty())
    return makeError("SC8009", ErrorKind::environment,
                     "--emit=sass needs nvdisasm or cuobjdump, and neither was found",
                     "install the CUDA toolkit, or set CUDA_HOME");
  TemporaryFile file(cubin);
  if (!file.written)
    return makeError("SC8003", ErrorKind::environment,
                     fmt::format("cannot write '{}'", file.path), "set TMPDIR to another folder");
  command.push_back(file.path);
  std::optional<std::string> text = outputOf(command);
  if (!text)
    return makeError("SC8009", ErrorKind::environment, fmt::format("'{}' failed", tool),
                     "it may be older than the NVRTC that made the code");
  return *text;
}

} // namespace scanc::cli
