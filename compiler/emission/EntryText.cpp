//===- EntryText.cpp - What stands behind the code of a step --------------===//
#include "compiler/emission/EntryText.h"

#include "llvm/Support/FormatVariadic.h"

using llvm::formatv;

namespace scanc::emission {

void closeProgram(CodeWriter &writer, llvm::StringRef name, llvm::StringRef threads, int64_t count) {
  writer.close("};");
  writer.line(formatv("static_assert({0}::shape.{1} == {2}, \"host plan and kernel disagree\");", name,
                      threads, count)
                  .str());
  writer.blank();
  writer.line("} // namespace scanc::device::program");
}

void writeEntryPoint(CodeWriter &writer, const EntryPoint &entry) {
  writer.blank();
  if (entry.hasOthers)
    writer.line(formatv("#if !defined(SCANC_ONE_KERNEL) || defined(SCANC_KERNEL_{0})", entry.name).str());
  writer.line(formatv("extern \"C\" __global__ void __launch_bounds__({0})", entry.bounds).str());
  writer.open(formatv("{0}(const __grid_constant__ scanc::device::program::arguments args)", entry.name).str());
  writer.line("using namespace scanc::device;");
  if (entry.awaits)
    writer.line(entry.isBeside ? "run_beside_launch_before();" : "await_launch_before();");
  writer.line(formatv("auto &storage = block_storage<kernel::{0}_storage<program::{1}>>();", entry.kernel,
                      entry.program)
                  .str());
  if (entry.sharedBytes)
    writer.line(formatv("static_assert(sizeof(storage) == {0}, \"host plan and device template disagree\");",
                        *entry.sharedBytes)
                    .str());
  writer.line(formatv("kernel::{0}({1}, storage);", entry.kernel, entry.operands).str());
  if (entry.awaits && entry.isBeside)
    writer.line("await_launch_before();");
  writer.close();
  if (entry.hasOthers)
    writer.line("#endif");
}

} // namespace scanc::emission
