//===- CompileCommand.cpp - scanc compile: any stage, for any target ------===//
#include "scanc/Device.h"
#include "tools/scanc/Artifacts.h"
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Report.h"
#include "tools/scanc/Stages.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <memory>

namespace scanc::cli {

namespace {

struct CompileCommand {
  CompileFlags flags;
  std::vector<std::string> stages;
  std::vector<std::string> targets;
  std::string output, bundle;
  bool withCubin = false;

  Result<int> run() const;

private:
  Result<std::vector<Artifact>> artifacts() const;
  Result<Program> editedProgram(const std::string &text) const;
  Result<Producer> producer(const std::string &text, const CompileOptions &options) const;
};

} // namespace

Result<std::vector<Artifact>> CompileCommand::artifacts() const {
  std::vector<Artifact> wanted;
  for (const ArtifactInfo &info : allArtifacts())
    if (info.name && std::find(stages.begin(), stages.end(), info.name) != stages.end())
      wanted.push_back(info.artifact);
  if (wanted.empty())
    wanted.push_back(flags.from == "cuda" ? Artifact::bundle : Artifact::cuda);
  return wanted;
}

Result<Program> CompileCommand::editedProgram(const std::string &text) const {
  if (Result<void> fit = flags.checkForBundle(/*isRun=*/false); !fit)
    return fit.error();
  if (bundle.empty())
    return makeError("SC8010", ErrorKind::usage,
                     "--from=cuda needs the bundle that the kernel belongs to",
                     "add --bundle=FILE, made by --emit=bundle");
  Result<std::string> bytes = readFile(bundle);
  if (!bytes)
    return bytes.error();
  Result<Program> program = fromBundle(*bytes);
  if (!program)
    return program.error();
  Result<KernelVariant *> variant = findVariant(*program, flags.variant);
  if (!variant)
    return variant.error();
  for (const KernelLaunch &launch : (*variant)->launches)
    if (text.find(launch.entry) == std::string::npos)
      return makeError("SC8012", ErrorKind::input,
                       fmt::format("expected the kernel '{}' of the bundle in '{}', got no such name",
                                   launch.entry, displayName(flags.file)),
                       "an edited kernel keeps its name and its parameter");
  (*variant)->source = text;
  (*variant)->machineCode.clear();
  return program;
}

Result<Producer> CompileCommand::producer(const std::string &text,
                                          const CompileOptions &options) const {
  if (flags.from == "cuda") {
    Result<Program> program = editedProgram(text);
    if (!program)
      return program.error();
    return Producer(std::move(*program), options, displayName(flags.file));
  }
  if (!bundle.empty())
    return makeError("SC8010", ErrorKind::usage, "--bundle is for --from=cuda only",
                     "add --from=cuda, or leave --bundle out");
  if (isBundle(text)) {
    if (Result<void> fit = flags.checkForBundle(/*isRun=*/false); !fit)
      return fit.error();
    Result<Program> program = fromBundle(text);
    if (!program)
      return program.error();
    return Producer(std::move(*program), options);
  }
  return Producer(text, options);
}

Result<int> CompileCommand::run() const {
  Result<std::vector<Artifact>> wanted = artifacts();
  if (!wanted)
    return wanted.error();
  std::error_code failed;
  bool isFolder = std::filesystem::is_directory(output, failed) || output.ends_with('/') ||
                  wanted->size() > 1 || targets.size() > 1;
  if (isFolder && output == "-")
    return makeError("SC8010", ErrorKind::usage,
                     "several stages or targets need a folder to be written to", "add -o DIR");
  for (const std::string &target : targets)
    if (Result<void> known = checkTarget(target); !known)
      return known.error();
  Result<CompileOptions> options = flags.options();
  if (!options)
    return options.error();
  Result<std::string> text = readFile(flags.file);
  if (!text)
    return text.error();
  if (Result<void> fits = checkStage(flags, *text, /*isRun=*/false); !fits)
    return fits.error();
  if (isFolder && flags.from.empty() && !isBundle(*text))
    wanted->insert(wanted->begin(), Artifact::source);
  if (!options->sizes.empty() && flags.from != "cuda" && !isBundle(*text))
    if (Result<std::vector<Parameter>> parameters = signature(*text, *options))
      dropUnknownSizes(options->sizes, *parameters);
  // Everything is made before anything is written: an error leaves nothing behind.
  std::vector<OutputFile> files;
  for (const std::string &target : targets) {
    options->target = resolveTarget(target);
    Result<Producer> made = producer(*text, *options);
    if (!made)
      return made.error();
    if (withCubin)
      made->addMachineCode();
    std::filesystem::path folder = targets.size() > 1 ? output + "/" + target : output;
    for (Artifact artifact : *wanted) {
      Result<std::string> bytes = made->make(artifact);
      if (!bytes)
        return blameEdit(bytes.error(), flags);
      files.emplace_back(isFolder ? (folder / infoOf(artifact).file).string() : output,
                         std::move(*bytes));
    }
  }
  for (const auto &file : files)
    if (isFolder)
      if (Result<void> made = makeFolder(std::filesystem::path(file.first).parent_path()); !made)
        return made.error();
  if (Result<void> written = writeFiles(files); !written)
    return written.error();
  return 0;
}

void addCompileCommand(CLI::App &root, Action &action) {
  auto command = std::make_shared<CompileCommand>();
  CLI::App *app = root.add_subcommand("compile", "write a stage of the compilation (scanc FILE)");
  command->flags.addTo(*app);
  command->flags.addStepTo(*app);
  std::vector<std::string> names;
  for (const ArtifactInfo &info : allArtifacts())
    if (info.name)
      names.emplace_back(info.name);
  app->add_option("--emit", command->stages,
                  "what to write; several need -o DIR (default: cuda): " +
                      fmt::format("{}", fmt::join(names, " ")))
      ->delimiter(',')
      ->check(CLI::IsMember(names).description(""))
      ->type_name("STAGE");
  app->add_option("--target", command->targets,
                  "sm_80, sm_90a, …, native or cpu; may be repeated (default: native)")
      ->delimiter(',');
  app->add_option("--from", command->flags.from,
                  "FILE is the text of a stage, edited perhaps: scan affine plan cuda")
      ->check(CLI::IsMember({"scan", "affine", "plan", "cuda"}).description(""))
      ->type_name("STAGE");
  app->add_option("--bundle", command->bundle, "with --from=cuda: the bundle to put FILE into");
  app->add_flag("--with-cubin", command->withCubin,
                "a bundle holds machine code for the target: it runs without NVRTC");
  app->add_option("--variant", command->flags.variant, "which variant of the kernel to write");
  app->add_option("-o,--output", command->output, "a file, a folder, or - for stdout");
  app->callback([command, &action] {
    if (command->targets.empty())
      command->targets.push_back("native");
    if (command->output.empty())
      command->output = "-";
    action = [command] { return command->run(); };
  });
}

} // namespace scanc::cli
