# make demo   install what is missing, build, run the gated scan on the GPU or else the CPU
# make test   the whole suite
# make bench  CPU bandwidth beside the same loop in C++; make mutants  planted bugs; make fuzz  libFuzzer
# make soak   the long forms: sizes, places and values; random programs, COUNT of them, for MINUTES at most
# make sanitize  tests of the host under the sanitizers of addresses, undefined behaviour and threads; make ubsan  the compiler
# make memcheck  the compiler under valgrind, on every program of the tests
BUILD ?= build
JOBS ?= $(shell nproc)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
# The wheel's NVRTC, where deps.sh had to bring it.
NVRTC := $(firstword $(wildcard $(BUILD)/nvrtc/nvidia/*/lib))
ifneq ($(NVRTC),)
export SCANC_NVRTC := $(abspath $(NVRTC))
endif

.PHONY: demo test bench mutants fuzz sanitize clean deps configure
demo: configure
	cmake --build $(BUILD) -j $(JOBS) --target example_gated_scan scanc
	+@$(MAKE) --no-print-directory run-demo

# A make of its own: deps.sh may have brought NVRTC since this one began.
.PHONY: run-demo ctest
run-demo:
	$(BUILD)/bin/example_gated_scan

test: configure
	cmake --build $(BUILD) -j $(JOBS)
	+$(MAKE) --no-print-directory ctest

ctest:
	ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure --timeout 600

bench: configure
	cmake --build $(BUILD) -j $(JOBS) --target scanc-bench-cpu
	SCANC_CPU_THREADS=1 $(BUILD)/bin/scanc-bench-cpu

mutants: configure
	cmake --build $(BUILD) -j $(JOBS) --target end-to-end-tests grid-tests runtime-tests scanc scanc-opt
	python3 tests/mutants/run.py $(BUILD)

# libFuzzer, for SECONDS with each reader of bytes that others wrote.
SECONDS ?= 60
fuzz: deps
	CC=clang CXX=clang++ cmake -G Ninja -S . -B $(BUILD)-fuzz -DCMAKE_BUILD_TYPE=Release -DSCANC_FUZZER=ON \
	  -DCMAKE_CXX_FLAGS=-fsanitize=fuzzer-no-link,address
	cmake --build $(BUILD)-fuzz -j $(JOBS) --target fuzz-all
	tests/fuzz/run.sh $(BUILD)-fuzz $(SECONDS)

# The runtime alone, as threads and memory of others are its affair; its cases are child processes and fakes.
SANITIZED := runtime-tests fault-tests cache-fault-tests launch-path-tests search-tests
sanitize: deps
	for preset in tsan asan-rt; do \
	  cmake --preset $$preset && cmake --build --preset $$preset -j $(JOBS) --target $(SANITIZED) || exit 1; \
	  for tests in $(SANITIZED); do SCANC_CACHE_DIR=off build/$$preset/bin/$$tests --gtest_brief || exit 1; done; \
	done

# The compiler under the sanitizer of undefined behaviour: clang, and half an hour of two cores.
UBSANNED := frontend-tests pipeline-tests reference-tests importer-tests
.PHONY: ubsan
ubsan: deps
	cmake --preset ubsan && cmake --build --preset ubsan -j $(JOBS) --target scanc scanc-opt scanc-stress-gpu $(UBSANNED)
	for tests in $(UBSANNED); do SCANC_CACHE_DIR=off build/ubsan/bin/$$tests --gtest_brief || exit 1; done
	$$(sed -n 's/^SCANC_LIT:.*=//p' build/ubsan/CMakeCache.txt) -sv build/ubsan/tests/lit

.PHONY: memcheck
memcheck: configure
	cmake --build $(BUILD) -j $(JOBS) --target scanc
	tests/memcheck/run.sh $(BUILD)/bin/scanc

deps:
	tools/ci/deps.sh

configure: deps
	cmake -G Ninja -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release

clean:
	rm -rf $(BUILD)

.PHONY: soak soak-grid soak-smith soak-nvrtc soak-registers
soak: soak-grid soak-smith soak-nvrtc soak-registers

# Sizes, places and values in their long form.
soak-grid: configure
	cmake --build $(BUILD) -j $(JOBS) --target grid-tests
	SCANC_SOAK=1 $(BUILD)/bin/grid-tests

# Random programs by every strategy that accepts them, in the emulation and through NVRTC; what is found is left, reduced, in SOAK.
COUNT ?= 20000
SEED ?= 1
SOAK ?= $(BUILD)/soak
soak-smith: configure
	cmake --build $(BUILD) -j $(JOBS) --target scanc-smith
	$(BUILD)/bin/scanc-smith --seed=$(SEED) --count=$(COUNT) $(MINUTES:%=--minutes=%) --emulate=all --nvrtc --reduce=$(SOAK)

# The suite's 500 programs by every strategy through NVRTC, for sm_80 and for sm_90a.
soak-nvrtc: configure
	cmake --build $(BUILD) -j $(JOBS) --target scanc-smith
	$(BUILD)/bin/scanc-smith --seed=20261122 --count=500 --emulate=none --nvrtc=all --reduce=$(SOAK)

# Every variant of what the suite compiles for one of two architectures: it must not spill.
soak-registers: configure
	cmake --build $(BUILD) -j $(JOBS) --target end-to-end-tests ScancTemplatesTests
	SCANC_SOAK=1 $(BUILD)/bin/end-to-end-tests --gtest_filter='*MachineCode*:*pill*:*Registers*'
	SCANC_SOAK=1 $(BUILD)/bin/ScancTemplatesTests --gtest_filter='*Registers*'
