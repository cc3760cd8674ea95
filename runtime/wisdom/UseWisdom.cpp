//===- wisdom/UseWisdom.cpp - A strategy from a wisdom file ---------------===//
#include "runtime/wisdom/UseWisdom.h"

#include "runtime/Hash.h"
#include "runtime/compiler/Compiler.h"

#include <fmt/format.h>

namespace scanc::rt {

Result<std::string> kernelKey(std::string_view text, const CompileOptions &options) {
  Result<const Compiler *> compiler = sharedCompiler();
  if (!compiler)
    return compiler.error();
  Result<std::string> identity = (*compiler)->identity(text, options);
  if (!identity)
    return identity.error();
  return hashHex(*identity);
}

static std::string describe(const RankedRecord &ranked) {
  const Record &record = *ranked.record;
  std::string sizes;
  for (const auto &[name, size] : record.sizes)
    sizes += fmt::format("{}{}={}", sizes.empty() ? "" : ",", name, size);
  return fmt::format("{}: {} took {:.4g} us at {} on {}", spelling(ranked.match), record.strategy,
                     record.seconds * 1e6, sizes, record.machine.device);
}

Result<WisdomUse> useWisdom(std::string_view text, const CompileOptions &options,
                            const std::function<bool(const std::string &strategy)> &accepts) {
  WisdomUse use;
  std::string path = wisdomFile(options.wisdom);
  if (path.empty() || !options.strategy.empty() || options.target == "cpu" || options.from == Stage::plan)
    return use;
  Result<RecordFile> file = readRecords(path);
  if (!file)
    return file.error();
  Result<std::string> key = kernelKey(text, options);
  if (!key)
    return key.error();
  Machine machine = thisMachine(options.target, options.load.device);
  WisdomQuery query{*key, options.sizes, options.target, machine.device, machine.multiprocessors};
  constexpr std::size_t mostTried = 4; // each takes as long as a compilation
  std::vector<RankedRecord> ranked = rankWisdom(file->records, query);
  use.detail = fmt::format("{}: {} has no record that serves", spelling(WisdomMatch::untuned), path);
  for (std::size_t i = 0; i < std::min(ranked.size(), mostTried); ++i) {
    if (!accepts(ranked[i].record->strategy))
      continue;
    use = {ranked[i].match, ranked[i].record->strategy, describe(ranked[i])};
    break;
  }
  if (file->skipped > 0)
    use.detail += fmt::format(" ({} lines of {} are no records)", file->skipped, path);
  return use;
}

} // namespace scanc::rt
