//===- Artifacts.cpp - From a program to each thing --emit can write ------===//
#include "tools/scanc/Artifacts.h"

#include "tools/scanc/Report.h"

#include <fmt/format.h>

namespace scanc::cli {

std::span<const ArtifactInfo> allArtifacts() {
  static constexpr ArtifactInfo infos[] = {
      {Artifact::source, nullptr, "00-source.scan", false},
      {Artifact::ast, "ast", "10-ast.txt", false},
      {Artifact::scan, "scan", "20-scan.mlir", false},
      {Artifact::affine, "affine", "30-affine.mlir", false},
      {Artifact::plan, "plan", "40-plan.mlir", true},
      {Artifact::cuda, "cuda", "50-kernel.cu", true},
      {Artifact::ptx, "ptx", "60-kernel.ptx", true},
      {Artifact::cubin, "cubin", "70-kernel.cubin", true},
      {Artifact::sass, "sass", "80-kernel.sass", true},
      {Artifact::stats, "stats", "85-stats.txt", true},
      {Artifact::bundle, "bundle", "90-bundle.json", true},
  };
  return infos;
}

const ArtifactInfo &infoOf(Artifact artifact) {
  return allArtifacts()[static_cast<std::size_t>(artifact)];
}

/// The variants of all kernels of a program, in order.
static std::vector<KernelVariant *> variantsOf(Program &program) {
  std::vector<KernelVariant *> variants;
  for (Entry &entry : program.entries)
    for (Step &step : entry.steps)
      if (auto *kernel = std::get_if<KernelStep>(&step))
        for (KernelVariant &variant : kernel->variants)
          variants.push_back(&variant);
  return variants;
}

Result<KernelVariant *> findVariant(Program &program, const std::string &name) {
  std::string names;
  for (KernelVariant *variant : variantsOf(program)) {
    if (name.empty() || variant->name == name)
      return variant;
    names += (names.empty() ? "" : ", ") + variant->name;
  }
  if (names.empty())
    return makeError("SC8011", ErrorKind::usage, "the program has no kernel",
                     "give a program with a scan");
  return makeError("SC8011", ErrorKind::usage,
                   fmt::format("--variant: expected one of {}, got '{}'", names, name),
                   "choose one of these, or leave --variant out");
}

Result<const Program *> Producer::program() {
  if (!made) {
    Result<Program> compiled = compileProgram(text, options);
    if (!compiled)
      return compiled.error();
    made = std::move(*compiled);
  }
  return &*made;
}

Result<const KernelVariant *> Producer::variant() {
  if (Result<const Program *> found = program(); !found)
    return found.error();
  Result<KernelVariant *> found = findVariant(*made, options.variant);
  if (!found)
    return found.error();
  return *found;
}

Result<CompiledKernel> Producer::compileVariant(const KernelVariant &variant) const {
  CudaSource source;
  source.name = edited.empty() ? made->name + ".cu" : edited;
  source.text = variant.source;
  source.headers = made->headers;
  source.architecture = options.target;
  return compileCuda(source);
}

/// A text that was edited is compiled before a bundle is made of it; without NVRTC it is taken as
/// it is.
Result<void> Producer::tryEdited() {
  Result<const CompiledKernel *> result = compiled();
  if (result)
    return {};
  if (result.error().kind != ErrorKind::environment)
    return result.error();
  warn(fmt::format("the edited kernel is not compiled here: {}", result.error().message));
  return {};
}

Result<const CompiledKernel *> Producer::compiled() {
  if (!machineCode) {
    Result<const KernelVariant *> chosen = variant();
    if (!chosen)
      return chosen.error();
    Result<CompiledKernel> result = compileVariant(**chosen);
    if (!result)
      return result.error();
    machineCode = std::move(*result);
  }
  return &*machineCode;
}

/// One line per variant: an entry has the same name in all of them.
Result<std::string> Producer::stats() {
  if (Result<const Program *> found = program(); !found)
    return found.error();
  std::vector<KernelStats> all;
  for (const KernelVariant *each : variantsOf(*made)) {
    Result<CompiledKernel> result = compileVariant(*each);
    if (!result)
      return result.error();
    for (KernelStats stats : result->stats) {
      stats.entry += " " + each->name;
      all.push_back(std::move(stats));
    }
  }
  return renderStats(all);
}

Result<std::string> Producer::stage(Stage stage) {
  if (fromBundle)
    return makeError("SC8011", ErrorKind::usage,
                     fmt::format("--emit={}: a bundle holds no {}", spelling(stage),
                                 spelling(stage)),
                     "give the program that the bundle was made from");
  if (options.from && (stage == Stage::ast || stage < *options.from))
    return makeError("SC8011", ErrorKind::usage,
                     fmt::format("--emit={} comes before --from={}", spelling(stage),
                                 spelling(*options.from)),
                     "give the text of an earlier stage, or the program");
  return emit(text, stage, options);
}

Result<std::string> Producer::make(Artifact artifact) {
  if (infoOf(artifact).needsGpuTarget && options.target == "cpu")
    return makeError("SC8011", ErrorKind::usage,
                     fmt::format("--emit={} is for a GPU, got --target=cpu",
                                 infoOf(artifact).name),
                     "choose an architecture, as in --target=sm_90a");
  switch (artifact) {
  case Artifact::source:
    return text;
  case Artifact::ast:
    return stage(Stage::ast);
  case Artifact::scan:
    return stage(Stage::scan);
  case Artifact::affine:
    return stage(Stage::affine);
  case Artifact::plan:
    if (fromBundle)
      return made->planText + "\n";
    return stage(Stage::plan);
  case Artifact::stats:
    return stats();
  case Artifact::bundle: {
    Result<const Program *> found = program();
    if (!found)
      return found.error();
    if (!edited.empty())
      if (Result<void> compiles = tryEdited(); !compiles)
        return compiles.error();
    if (withCubin)
      if (Result<void> added = scanc::addMachineCode(*made, options.target); !added)
        return added.error();
    return toBundle(**found);
  }
  case Artifact::cuda: {
    Result<const KernelVariant *> chosen = variant();
    if (!chosen)
      return chosen.error();
    return (*chosen)->source;
  }
  case Artifact::ptx:
  case Artifact::cubin:
  case Artifact::sass:
    break;
  }
  Result<const CompiledKernel *> result = compiled();
  if (!result)
    return result.error();
  if (artifact == Artifact::sass)
    return disassemble((*result)->cubin);
  return artifact == Artifact::ptx ? (*result)->ptx : (*result)->cubin;
}

} // namespace scanc::cli
