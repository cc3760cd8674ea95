//===- FakeNvrtc.cpp - A library with NVRTC's names, of version 12.4 ------===//
#include <cstddef>

extern "C" {
const char *nvrtcGetErrorString(int) { return "NVRTC_ERROR_FAKE"; }
int nvrtcVersion(int *major, int *minor) {
  *major = 12;
  *minor = 4;
  return 0;
}
int nvrtcGetNumSupportedArchs(int *count) {
  *count = 1;
  return 0;
}
int nvrtcGetSupportedArchs(int *list) {
  *list = 80;
  return 0;
}
int nvrtcCreateProgram(void **, const char *, const char *, int, const char *const *,
                       const char *const *) {
  return 1;
}
int nvrtcDestroyProgram(void **) { return 0; }
int nvrtcCompileProgram(void *, int, const char *const *) { return 1; }
int nvrtcGetProgramLogSize(void *, std::size_t *) { return 1; }
int nvrtcGetProgramLog(void *, char *) { return 1; }
int nvrtcGetPTXSize(void *, std::size_t *) { return 1; }
int nvrtcGetPTX(void *, char *) { return 1; }
int nvrtcGetCUBINSize(void *, std::size_t *) { return 1; }
int nvrtcGetCUBIN(void *, char *) { return 1; }
}
