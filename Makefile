# make demo   install what is missing, build, run the gated scan on the GPU or else the CPU
# make test   the whole suite
# make bench  CPU bandwidth beside the same loop in C++; make mutants  planted bugs
BUILD ?= build
JOBS ?= $(shell nproc)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
# The wheel's NVRTC, where deps.sh had to bring it.
NVRTC := $(firstword $(wildcard $(BUILD)/nvrtc/nvidia/*/lib))
ifneq ($(NVRTC),)
export SCANC_NVRTC := $(abspath $(NVRTC))
endif

.PHONY: demo test bench mutants clean deps configure
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
	cmake --build $(BUILD) -j $(JOBS) --target scanc-mutant-check
	python3 tests/mutants/run.py --check $(BUILD)/bin/scanc-mutant-check

deps:
	tools/ci/deps.sh

configure: deps
	cmake -G Ninja -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release

clean:
	rm -rf $(BUILD)
