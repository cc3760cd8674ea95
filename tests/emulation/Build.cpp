//===- Build.cpp - Calls the host compiler, once for each content ----------===//
#include "tests/emulation/Build.h"
#include "tests/emulation/Report.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace scanc::emulation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longestLog = 4000; ///< characters of the compiler's complaints in an error

std::string compilerPath() {
  const char *chosen = std::getenv("CXX");
  return chosen && *chosen ? chosen : SCANC_EMULATION_CXX;
}

std::string read(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The headers, with the texts that the files of a folder have: those of a device library with a planted bug.
std::map<std::string, std::string> readPlanted(const fs::path &folder,
                                                      std::map<std::string, std::string> headers) {
  for (auto &[name, text] : headers)
    if (fs::exists(folder / name))
      text = read(folder / name);
  return headers;
}

/// FNV-1a over labelled, length-prefixed items, 128 bits as two runs with different bases.
class Digest {
public:
  void add(std::string_view item) {
    const std::string size = std::to_string(item.size()) + ":";
    feed(size);
    feed(item);
  }
  std::string text() const { return fmt::format("{:016x}{:016x}", low, high); }

private:
  void feed(std::string_view bytes) {
    for (unsigned char byte : bytes) {
      low = (low ^ byte) * 0x100000001b3;
      high = (high ^ byte) * 0x10000000233;
    }
  }
  std::uint64_t low = 0xcbf29ce484222325, high = 0x6c62272e07bb0142;
};

/// Every header below the folders, in an order that does not depend on the file system.
void addHeaders(Digest &digest, const std::vector<std::string> &folders) {
  for (const std::string &folder : folders) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto &file : fs::recursive_directory_iterator(folder, ignored))
      if (file.path().extension() == ".cuh" || file.path().extension() == ".h")
        files.push_back(file.path());
    std::sort(files.begin(), files.end());
    digest.add(folder); // reports name the files of the folder
    for (const fs::path &file : files) {
      digest.add(file.string());
      digest.add(read(file));
    }
  }
}

/// Runs a program without a shell; its output goes to `log`.
bool runProcess(const std::vector<std::string> &command, const fs::path &log) {
  std::vector<char *> words;
  for (const std::string &word : command)
    words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child;
  const int failed = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  return failed == 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

/// Writes next to the target and renames, so that another process sees all of it or nothing.
bool publish(const fs::path &path, const std::string &text) {
  const fs::path draft = path.string() + "." + std::to_string(getpid());
  std::ofstream(draft, std::ios::binary) << text;
  std::error_code failed;
  fs::rename(draft, path, failed);
  return !failed;
}

} // namespace

Result<std::string> buildSharedObject(const std::string &text,
                                      const std::vector<std::string> &headerFolders,
                                      const std::string &entry) {
  std::vector<std::string> folders{SCANC_EMULATION_INCLUDE};
  folders.insert(folders.end(), headerFolders.begin(), headerFolders.end());
  // As the device: no contraction behind the text's back, no assumption about pointer types. Of several kernels the
  // one that is called.
  std::vector<std::string> command{
      compilerPath(),      "-std=c++20",           "-O1", "-g0", "-w", "-fPIC", "-shared", "-fwhole-program",
      "-ffp-contract=off", "-fno-strict-aliasing", "-x",  "c++"};
  for (const std::string &folder : folders)
    command.push_back("-I" + folder);

  Digest digest;
  for (const std::string &word : command)
    digest.add(word);
  addHeaders(digest, folders);
  digest.add(entry);
  digest.add(text);

  const fs::path folder = fs::path(SCANC_EMULATION_CACHE);
  const fs::path object = folder / (digest.text() + ".so");
  if (fs::exists(object))
    return object.string();
  std::error_code failed;
  fs::create_directories(folder, failed);
  const std::string stem = (folder / digest.text()).string() + "." + std::to_string(getpid());
  const std::string source = stem + ".cpp", draft = stem + ".so", log = stem + ".log";
  std::ofstream(source) << "#include \"scanc_emulation/words.h\"\n#line 1 \"" << entry << ".cu\"\n"
                        << text << "\n#define SCANC_EMULATION_ENTRY " << entry
                        << "\n#include \"scanc_emulation/module.h\"\n";
  command.insert(command.end(), {source, "-o", draft});
  const bool built = runProcess(command, log);
  const std::string complaints = read(log);
  fs::remove(log, failed);
  if (!built)
    return makeFault("build",
                     fmt::format("{} does not compile the text of kernel '{}', which is "
                                 "left in {}:\n{}",
                                 compilerPath(), entry, source, complaints.substr(0, longestLog)));
  fs::remove(source, failed);
  fs::rename(draft, object, failed);
  if (failed)
    return makeFault("build", "cannot write " + object.string() + ": " + failed.message());
  return object.string();
}

Result<std::string> writeHeaders(const std::map<std::string, std::string> &given) {
  const char *planted = std::getenv("SCANC_PLANTED_TEMPLATES");
  const std::map<std::string, std::string> headers = planted ? readPlanted(planted, given) : given;
  Digest digest;
  for (const auto &[name, text] : headers) {
    digest.add(name);
    digest.add(text);
  }
  const fs::path folder = fs::path(SCANC_EMULATION_CACHE) / ("headers-" + digest.text());
  for (const auto &[name, text] : headers) {
    const fs::path path = folder / name;
    if (fs::exists(path))
      continue;
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    if (!publish(path, text))
      return makeFault("build", "cannot write " + path.string());
  }
  return folder.string();
}

} // namespace scanc::emulation
