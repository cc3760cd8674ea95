//===- Smith.cpp - Which kind of program a seed makes, and files ----------===//
#include "tests/smith/Smith.h"

#include "tests/smith/Draft.h"

#include <sstream>

namespace scanc::smith {

RandomProgram generate(std::uint64_t seed) {
  switch (seed % 10) {
  case 1:
    return layers(seed);
  case 3:
  case 7:
    return dense(seed);
  case 5:
  case 9:
    return outerProducts(seed);
  default:
    return elementwise(seed);
  }
}

static const std::string headline = "# smith:";

std::string toFile(const RandomProgram &program) {
  std::string line = headline;
  for (const auto &[name, size] : program.sizes)
    line += " " + name + "=" + std::to_string(size);
  for (const std::string &name : program.open)
    line += " open=" + name;
  if (program.gap > 0)
    line += " gap=" + std::to_string(program.gap);
  if (program.step)
    line += " step";
  return line + " seed=" + std::to_string(program.seed) + "\n" + program.text;
}

RandomProgram fromFile(const std::string &file) {
  RandomProgram program{.text = file, .sizes = {}, .open = {}};
  if (!file.starts_with(headline))
    return program;
  std::size_t end = file.find('\n');
  program.text = end == std::string::npos ? "" : file.substr(end + 1);
  std::istringstream words(file.substr(headline.size(), end - headline.size()));
  for (std::string word; words >> word;) {
    std::size_t equals = word.find('=');
    std::string name = word.substr(0, equals), value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "step")
      program.step = true;
    else if (name == "open")
      program.open.insert(value);
    else if (name == "gap")
      program.gap = std::stoll(value);
    else if (name == "seed")
      program.seed = std::stoull(value);
    else
      program.sizes[name] = std::stoll(value);
  }
  return program;
}

} // namespace scanc::smith
