//===- Artifacts.h - What --emit can write ----------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_ARTIFACTS_H
#define SCANC_TOOLS_SCANC_ARTIFACTS_H

#include "scanc/Compile.h"
#include "scanc/Nvrtc.h"

#include <optional>
#include <span>

namespace scanc::cli {

enum class Artifact : std::uint8_t {
  source, ast, scan, affine, plan, cuda, ptx, cubin, sass, stats, bundle,
};

struct ArtifactInfo {
  Artifact artifact;
  const char *name; ///< in --emit; null for the source, which is only written into folders
  const char *file; ///< in a folder
  bool needsGpuTarget;
};

/// Every artifact, in the order of the pipeline.
std::span<const ArtifactInfo> allArtifacts();
const ArtifactInfo &infoOf(Artifact artifact);

/// Makes artifacts of one program for one target, each at most once.
class Producer {
public:
  /// `options.target` is "cpu" or an architecture.
  Producer(std::string text, CompileOptions options)
      : text(std::move(text)), options(std::move(options)) {}
  /// A program that exists already, for `options.target`. `edited`: the file that the variant of
  /// `options` was read from, or empty.
  Producer(Program program, CompileOptions options, std::string edited = "")
      : options(std::move(options)), made(std::move(program)), edited(std::move(edited)),
        fromBundle(true) {}

  /// Bundles have machine code for `options.target` from now on.
  void addMachineCode() { withCubin = true; }

  Result<std::string> make(Artifact artifact);

private:
  Result<const Program *> program();
  Result<const KernelVariant *> variant();
  Result<const CompiledKernel *> compiled();
  Result<CompiledKernel> compileVariant(const KernelVariant &variant) const;
  Result<void> tryEdited();
  Result<std::string> stage(Stage stage);
  Result<std::string> stats();

  std::string text;
  CompileOptions options;
  std::optional<Program> made;
  std::optional<CompiledKernel> machineCode;
  std::string edited;
  bool fromBundle = false;
  bool withCubin = false;
};

/// The variant called `name`, or the preferred one; fails with SC8011 where there is none.
Result<KernelVariant *> findVariant(Program &program, const std::string &name);

/// The machine code of `cubin` as text, by the toolkit's disassembler. Fails with SC8009.
Result<std::string> disassemble(std::string_view cubin);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_ARTIFACTS_H
