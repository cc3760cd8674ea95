//===- Programs.cpp - Texts for the tests of the front end ----------------===//
#include "Programs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace scanc::frontend {

void PrintTo(const Program &program, std::ostream *stream) { *stream << program.name; }

std::string nameOf(const testing::TestParamInfo<Program> &program) { return program.param.name; }

static std::string readFile(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<Program> programs() {
  std::vector<Program> list;
  for (const auto &entry : std::filesystem::directory_iterator(SCANC_PROGRAMS))
    if (entry.path().extension() == ".scan")
      list.push_back({entry.path().stem().string(), readFile(entry.path())});
  std::sort(list.begin(), list.end(),
            [](const Program &a, const Program &b) { return a.name < b.name; });
  return list;
}

std::string program(const std::string &name) {
  return readFile(std::filesystem::path(SCANC_PROGRAMS) / (name + ".scan"));
}

std::string documentation(const std::string &path) {
  return readFile(std::filesystem::path(SCANC_DOCS) / path);
}

Read::Read(const std::string &given) : text(given) {
  Diagnostics diagnostics(text, "test.scan");
  file = parse(diagnostics);
  if (!diagnostics.hasErrors())
    for (Kernel &kernel : file.kernels)
      kernels.push_back(check(kernel, diagnostics));
  if (!diagnostics.hasErrors())
    return;
  Error first = diagnostics.take();
  std::vector<Error> others = std::move(first.others);
  first.others.clear();
  errors.push_back(std::move(first));
  std::move(others.begin(), others.end(), std::back_inserter(errors));
}

std::string renderAll(const std::vector<Error> &errors) {
  std::string text;
  for (const Error &error : errors)
    text += render(error);
  return text;
}

} // namespace scanc::frontend
