//===- Stages.cpp - Options that go with the text of a stage --------------===//
#include "tools/scanc/Stages.h"

#include "tools/scanc/Files.h"
#include "tools/scanc/Report.h"

#include <fmt/format.h>

namespace scanc::cli {

/// The stage that prints a text like this; empty for a program. MLIR begins with `module` or an
/// alias, a kernel with a comment of C++, neither of which can begin a program.
static std::string stageOfText(std::string_view text) {
  bool isMlir = false;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t begin = rest.find_first_not_of(" \t\r\n");
    rest.remove_prefix(begin == rest.npos ? rest.size() : begin);
    std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with("//") || line.starts_with("#include"))
      return text.find("__global__") == text.npos ? "" : "cuda";
    isMlir |= line.starts_with("#map") || line.starts_with("#loc");
    if (!line.starts_with("#")) { // in a program this is a comment
      isMlir |= line.starts_with("module") || line.starts_with("func.func");
      break;
    }
    rest.remove_prefix(line.size());
  }
  if (!isMlir)
    return "";
  for (auto [mark, stage] : {std::pair("plan.program", "plan"), std::pair("scan.affine", "affine"),
                             std::pair("scan.step", "scan")})
    if (text.find(mark) != text.npos)
      return stage;
  return "";
}

Result<void> checkStage(const CompileFlags &flags, std::string_view text, bool isRun) {
  if (std::string stage = stageOfText(text); flags.from.empty() && !stage.empty())
    return makeError("SC8010", ErrorKind::usage,
                     fmt::format("expected a program in '{}', got the text of the stage {}",
                                 displayName(flags.file), stage),
                     stage == "cuda" ? isRun ? "make a bundle of it with scanc FILE --from=cuda "
                                               "--bundle=FILE -o NEW, and run that"
                                             : "add --from=cuda --bundle=FILE"
                                     : "add --from=" + stage);
  if (flags.from.empty() || flags.from == "cuda")
    return {};
  const char *decided = !flags.shape.empty() && !isRun                      ? "--shape"
                        : !flags.strategy.empty() && flags.from == "plan" ? "--strategy"
                        : !flags.kernel.empty()                           ? "--kernel"
                                                                          : nullptr;
  if (!decided)
    return {};
  return makeError("SC8010", ErrorKind::usage,
                   fmt::format("{} does not go with --from={}: the text has decided it", decided,
                               flags.from),
                   fmt::format("give {} where the stage is made: scanc PROGRAM --emit={} {} …",
                               decided, flags.from, decided));
}

Error blameEdit(Error error, const CompileFlags &flags) {
  if (error.code != "SC5004" || flags.from.empty())
    return error;
  error.code = "SC8015";
  error.kind = ErrorKind::input;
  error.message = flags.from == "cuda"
                      ? fmt::format("'{}' does not compile", displayName(flags.file))
                      : fmt::format("the kernel that the {} in '{}' makes does not compile",
                                    flags.from, displayName(flags.file));
  error.help = flags.from == "cuda"
                   ? "correct the lines that NVRTC names"
                   : fmt::format("compare it with what --emit={} of this scanc prints", flags.from);
  return error;
}

} // namespace scanc::cli
