//===- main.cpp - The command line of scanc -------------------------------===//
//
// Owns its options: those of MLIR and LLVM stay in scanc-opt. Exit codes are
// those of `exitCode`, 0 when all is well.
//
//===----------------------------------------------------------------------===//
#include "tools/scanc/CommandLine.h"
#include "tools/scanc/Report.h"

#include <csignal>
#include <new>

using namespace scanc;

static int runTool(std::vector<std::string> arguments) {
  const cli::CommandLine line = cli::parseCommandLine(std::move(arguments));
  if (line.command.empty())
    return line.code;
  Result<int> code = line.action();
  if (!code) {
    cli::report(code.error());
    return exitCode(code.error().kind);
  }
  return *code;
}

int main(int argc, char **argv) {
  // A reader that closes its pipe ends us without a word.
  std::signal(SIGPIPE, SIG_DFL);
  // Nothing of ours throws, but the libraries below it may.
  Error error;
  try {
    return runTool(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::bad_alloc &) {
    error = scanc::makeError("SC8014", ErrorKind::environment, "there is not enough memory",
                           "give smaller sizes by --shape, or raise the limit (ulimit -v)");
  } catch (const std::exception &unexpected) {
    error = scanc::makeError("SC4002", ErrorKind::internal, unexpected.what(),
                           "please report it, with the program");
  }
  cli::report(error);
  return exitCode(error.kind);
}
