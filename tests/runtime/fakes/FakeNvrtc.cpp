//===- FakeNvrtc.cpp - An NVRTC 13.0 whose machine code is the text -------===//
#include "FakeNvrtc.h"

#include <chrono>
#include <cstring>
#include <thread>

using scanc::testing::FakeNvrtc;

namespace {

FakeNvrtc &fake() {
  static auto &state = *new FakeNvrtc; // outlives whoever calls at the end of the process
  return state;
}

struct Unit {
  std::string text, log;
  bool compiled = false;
};

constexpr int internalError = 11;

int give(const char *name, const void *program, const std::string &text, std::size_t *size) {
  *size = text.size();
  if (int fault = fake().faults.called(name))
    return fault;
  return program ? 0 : internalError;
}

int copy(const char *name, const std::string &text, char *to) {
  if (int fault = fake().faults.called(name))
    return fault;
  std::memcpy(to, text.data(), text.size());
  return 0;
}

std::string cubinOf(const Unit &unit) {
  return unit.compiled && !fake().withoutImage ? FakeNvrtc::magic + unit.text : "";
}

} // namespace

extern "C" {

FakeNvrtc *scancFakeNvrtc() { return &fake(); }

const char *nvrtcGetErrorString(int result) {
  fake().faults.called("nvrtcGetErrorString");
  return result == FakeNvrtc::builtinsMissing ? "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE"
                                              : "NVRTC_ERROR_FAKE";
}
int nvrtcVersion(int *major, int *minor) {
  *major = 13;
  *minor = 0;
  return fake().faults.called("nvrtcVersion");
}
int nvrtcGetNumSupportedArchs(int *count) {
  *count = 3;
  return fake().faults.called("nvrtcGetNumSupportedArchs");
}
int nvrtcGetSupportedArchs(int *list) {
  list[0] = 75, list[1] = 80, list[2] = 90;
  return fake().faults.called("nvrtcGetSupportedArchs");
}
int nvrtcCreateProgram(void **program, const char *source, const char *, int, const char *const *,
                       const char *const *) {
  if (int fault = fake().faults.called("nvrtcCreateProgram"))
    return fault;
  ++fake().live;
  *program = new Unit{source, "", false};
  return 0;
}
int nvrtcDestroyProgram(void **program) {
  int fault = fake().faults.called("nvrtcDestroyProgram");
  --fake().live;
  delete static_cast<Unit *>(*program);
  *program = nullptr;
  return fault;
}
int nvrtcCompileProgram(void *program, int, const char *const *) {
  auto *unit = static_cast<Unit *>(program);
  int fault = fake().faults.called("nvrtcCompileProgram");
  if (fault == FakeNvrtc::builtinsMissing)
    unit->log = "nvrtc: error: failed to open libnvrtc-builtins.so.13.0.";
  if (fault)
    return fault;
  ++fake().compiles;
  std::this_thread::sleep_for(std::chrono::microseconds(fake().microseconds));
  unit->compiled = true;
  return 0;
}
int nvrtcGetProgramLogSize(void *program, std::size_t *size) {
  int result = give("nvrtcGetProgramLogSize", program, static_cast<Unit *>(program)->log, size);
  ++*size; // the log ends with a 0
  return result;
}
int nvrtcGetProgramLog(void *program, char *to) {
  const std::string &log = static_cast<Unit *>(program)->log;
  to[log.size()] = '\0';
  return copy("nvrtcGetProgramLog", log, to);
}
int nvrtcGetPTXSize(void *program, std::size_t *size) {
  return give("nvrtcGetPTXSize", program, "ptx", size);
}
int nvrtcGetPTX(void *, char *to) { return copy("nvrtcGetPTX", "ptx", to); }
int nvrtcGetCUBINSize(void *program, std::size_t *size) {
  return give("nvrtcGetCUBINSize", program, cubinOf(*static_cast<Unit *>(program)), size);
}
int nvrtcGetCUBIN(void *program, char *to) {
  return copy("nvrtcGetCUBIN", cubinOf(*static_cast<Unit *>(program)), to);
}

} // extern "C"
