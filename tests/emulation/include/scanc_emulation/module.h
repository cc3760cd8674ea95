//===- scanc_emulation/module.h - How the host finds and calls a kernel ----===//
//
// Put after the text of a kernel, with `SCANC_EMULATION_ENTRY` naming it.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_EMULATION_MODULE_H
#define SCANC_EMULATION_MODULE_H

#include "scanc_emulation/hooks.h"

// Set by the linker to the ends of the section; null where no kernel has shared memory.
extern "C" __attribute__((weak, visibility("hidden"))) char __start_scanc_shared[];
extern "C" __attribute__((weak, visibility("hidden"))) char __stop_scanc_shared[];

namespace scanc::emulation {

template <auto kernel>
struct Call;

template <void (*kernel)()>
struct Call<kernel> {
  static constexpr uint64_t bytes = 0;
  static void run(const void *) { kernel(); }
};

/// A kernel takes one struct of 8-byte words by value.
template <typename Arguments, void (*kernel)(Arguments)>
struct Call<kernel> {
  static constexpr uint64_t bytes = sizeof(Arguments);
  static_assert(bytes % 8 == 0, "the arguments of a kernel are 8-byte words");
  static void run(const void *words) { kernel(*static_cast<const Arguments *>(words)); }
};

} // namespace scanc::emulation

// All that is seen from outside: a text has several kernels, and those that nobody calls are not compiled.
#ifdef __clang__
#define SCANC_EMULATION_VISIBLE
#else
#define SCANC_EMULATION_VISIBLE __attribute__((externally_visible))
#endif

extern "C" SCANC_EMULATION_VISIBLE void scancEmulationBind(const scanc::emulation::Hooks *hooks,
                                                           scanc::emulation::ModuleFacts *facts) {
  using Kernel = scanc::emulation::Call<&SCANC_EMULATION_ENTRY>;
  scanc::emulation::hooks = hooks;
  *facts = {&Kernel::run, Kernel::bytes, __start_scanc_shared,
            static_cast<uint64_t>(__stop_scanc_shared - __start_scanc_shared),
            scanc::emulation::dynamicShared};
}

#endif // SCANC_EMULATION_MODULE_H
