//===- Empty.cpp - A library that is no NVRTC -----------------------------===//
extern "C" int scancTestNothing() { return 0; }
