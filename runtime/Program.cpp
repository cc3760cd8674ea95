//===- Program.cpp - Equality of programs, field by field -----------------===//
#include "scanc/Program.h"

#include <algorithm>
#include <tuple>

namespace scanc {
namespace {

auto fields(const SourceRange &p) { return std::tie(p.file, p.line, p.column, p.length); }

bool equal(const Parameter &a, const Parameter &b) {
  return std::tie(a.name, a.role, a.dtype, a.dims, a.cuts, a.updates) ==
             std::tie(b.name, b.role, b.dtype, b.dims, b.cuts, b.updates) &&
         fields(a.place) == fields(b.place);
}

bool equal(const KernelLaunch &a, const KernelLaunch &b) {
  return std::tie(a.entry, a.grid, a.block, a.sharedBytes, a.cluster, a.dependent) ==
         std::tie(b.entry, b.grid, b.block, b.sharedBytes, b.cluster, b.dependent);
}

bool equal(const MatrixMap &a, const MatrixMap &b) {
  return std::tie(a.first, a.sizes, a.strides, a.box) ==
         std::tie(b.first, b.sizes, b.strides, b.box);
}

template <typename T>
bool equal(const std::vector<T> &a, const std::vector<T> &b);

bool equal(const KernelVariant &a, const KernelVariant &b) {
  auto code = [](const MachineCode &one, const MachineCode &other) {
    return std::tie(one.architecture, one.madeOf, one.cubin) ==
           std::tie(other.architecture, other.madeOf, other.cubin);
  };
  auto fields = [](const KernelVariant &v) {
    return std::tie(v.name, v.source, v.requires_, v.arguments);
  };
  return fields(a) == fields(b) && equal(a.launches, b.launches) && equal(a.maps, b.maps) &&
         std::equal(a.machineCode.begin(), a.machineCode.end(), b.machineCode.begin(),
                    b.machineCode.end(), code);
}

bool equal(const WorkspaceBuffer &a, const WorkspaceBuffer &b) {
  return std::tie(a.name, a.bytes, a.alignment, a.zeroed, a.restored) ==
         std::tie(b.name, b.bytes, b.alignment, b.zeroed, b.restored);
}

bool equal(const Step &a, const Step &b) {
  if (a.index() != b.index())
    return false;
  if (const auto *kernel = std::get_if<KernelStep>(&a))
    return equal(kernel->variants, std::get<KernelStep>(b).variants);
  const auto &callA = std::get<LibraryCall>(a), &callB = std::get<LibraryCall>(b);
  return std::tie(callA.library, callA.function, callA.operands) ==
         std::tie(callB.library, callB.function, callB.operands);
}

bool equal(const Entry &a, const Entry &b) { return a.name == b.name && equal(a.steps, b.steps); }

template <typename T>
bool equal(const std::vector<T> &a, const std::vector<T> &b) {
  if (a.size() != b.size())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!equal(a[i], b[i]))
      return false;
  return true;
}

} // namespace

bool Program::operator==(const Program &other) const {
  auto plainFields = [](const Program &p) {
    return std::tie(p.name, p.strategy, p.boundSizes, p.headers, p.promises.deterministic,
                    p.promises.errorBound, p.planText, p.sourceText);
  };
  return plainFields(*this) == plainFields(other) && equal(parameters, other.parameters) &&
         equal(entries, other.entries) && equal(workspace, other.workspace);
}

} // namespace scanc
