//===- ProgramCache.cpp - Bundles whose headers are fields of their own ---===//
#include "runtime/compiler/ProgramCache.h"

#include "runtime/cache/KeyText.h"

#include <cstdlib>
#include <fmt/format.h>

namespace scanc::rt {
namespace {

/// The number grows when the meaning of a key or the layout of the fields changes.
constexpr std::string_view keySchema = "scanc program, key schema 1";

/// A bundle without headers, and these in turn: name, text. They are most of the bytes, and JSON
/// takes ten times as long to read them.
EntryFields fieldsOf(Program program) {
  std::map<std::string, std::string> headers;
  headers.swap(program.headers);
  EntryFields fields{toBundle(program)};
  for (auto &[name, text] : headers) {
    fields.push_back(name);
    fields.push_back(std::move(text));
  }
  return fields;
}

std::optional<Program> programOf(EntryFields fields) {
  if (fields.size() % 2 == 0)
    return std::nullopt;
  Result<Program> program = fromBundle(fields[0]);
  if (!program)
    return std::nullopt;
  for (std::size_t i = 1; i < fields.size(); i += 2)
    program->headers.emplace(std::move(fields[i]), std::move(fields[i + 1]));
  return std::move(*program);
}

/// The first field of what is no program.
constexpr std::string_view samplesMark = "samples";

EntryFields fieldsOf(const SampleInputs &samples) {
  EntryFields fields{std::string(samplesMark)};
  auto add = [&](auto... values) { (fields.push_back(std::move(values)), ...); };
  for (const auto &[name, size] : samples.sizes)
    add(std::string("size"), name, std::to_string(size));
  for (const SampleInput &input : samples.inputs)
    add(std::string(input.isOffsets ? "offsets" : "input"), input.name,
        fmt::format("{:a}", input.low), fmt::format("{:a}", input.high));
  for (const std::string &lane : samples.lanes)
    add(std::string("lane"), lane);
  return fields;
}

std::optional<SampleInputs> samplesOf(const EntryFields &fields) {
  if (fields.empty() || fields[0] != samplesMark)
    return std::nullopt;
  SampleInputs samples;
  for (std::size_t i = 1; i < fields.size();) {
    const std::string &kind = fields[i];
    std::size_t count = kind == "lane" ? 2 : kind == "size" ? 3 : 4;
    if (fields.size() - i < count)
      return std::nullopt;
    if (kind == "lane")
      samples.lanes.push_back(fields[i + 1]);
    else if (kind == "size")
      samples.sizes[fields[i + 1]] = std::strtoll(fields[i + 2].c_str(), nullptr, 10);
    else
      samples.inputs.push_back({fields[i + 1], std::strtod(fields[i + 2].c_str(), nullptr),
                                std::strtod(fields[i + 3].c_str(), nullptr), kind == "offsets"});
    i += count;
  }
  return samples;
}

constexpr std::string_view spelling(Question question) {
  switch (question) {
  case Question::program:
    return "program";
  case Question::signature:
    return "signature";
  case Question::samples:
    return "samples";
  }
  return "";
}

} // namespace

std::string aliasKey(Question question, std::string_view text, const CompileOptions &options,
                     std::string_view compiler, std::string_view wisdom) {
  KeyText key(keySchema);
  key.add("question", spelling(question));
  key.add("scanc", SCANC_VERSION).add("compiler", compiler);
  key.add("target", options.target);
  key.add("file", options.filename); // it stands in the kernels, and in errors of a launch
  key.add("kernel", options.kernel);
  key.add("strategy", options.strategy);
  for (const auto &[name, size] : options.sizes)
    key.add("size", name + " = " + std::to_string(size));
  key.add("step", options.step ? "1" : "");
  key.add("stage", options.from ? spelling(*options.from) : "");
  key.add("wisdom", wisdom);
  key.add("program", text);
  return key.take();
}

ProgramCache::ProgramCache(const CacheFolder &folder) {
  CachePlaces places = openPlaces(folder);
  if (places.reason.empty())
    disk = std::make_unique<DiskCache>(EntryKind::program, std::move(places));
}

std::optional<Program> ProgramCache::read(std::string_view key) {
  std::optional<EntryFields> fields = disk ? disk->read(key) : std::nullopt;
  return fields ? programOf(std::move(*fields)) : std::nullopt;
}

void ProgramCache::write(std::string_view key, const Program &program) {
  if (disk)
    disk->write(key, fieldsOf(program));
}

std::optional<SampleInputs> ProgramCache::readSamples(std::string_view key) {
  std::optional<EntryFields> fields = disk ? disk->read(key) : std::nullopt;
  return fields ? samplesOf(*fields) : std::nullopt;
}

void ProgramCache::writeSamples(std::string_view key, const SampleInputs &samples) {
  if (disk)
    disk->write(key, fieldsOf(samples));
}

} // namespace scanc::rt
