"""Tests of text: one pass, or one call of scanc, and what it must print."""
import os
import subprocess
import sys

import lit.formats

config.name = "scanc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.build_folder, "tests", "lit")
config.environment["PATH"] = os.pathsep.join(
    [config.tools_folder, config.llvm_tools_folder, config.environment["PATH"]])
for name in ("HOME", "CUDA_HOME", "SCANC_NVRTC", "XDG_CACHE_HOME"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.environment["SCANC_CACHE_DIR"] = "off"
config.substitutions.append(("%programs", os.path.join(config.test_source_root, "programs")))
config.substitutions.append(("%examples", os.path.join(config.test_source_root, "../examples")))
# `%exit 3 scanc …` runs a command and wants that exit code.
expect_exit = os.path.join(config.test_source_root, "tools", "expect_exit.py")
config.substitutions.append(("%exit", f"{sys.executable} {expect_exit}"))
# `%interrupt FILE scanc …` interrupts a command when it has written to FILE.
interrupt = os.path.join(config.test_source_root, "tools", "interrupt.py")
config.substitutions.append(("%interrupt", f"{sys.executable} {interrupt}"))
# One switch makes every scanc-opt of the suite check that its IR survives print and parse.
if os.environ.get("SCANC_VERIFY_ROUNDTRIP"):
    config.substitutions.append(("scanc-opt", "scanc-opt --verify-roundtrip"))

# What the machine has. Where CI requires NVRTC, its tests run and fail for want of it.
scanc = os.path.join(config.tools_folder, "scanc")


def works(*arguments):
    environment = {**os.environ, **config.environment}
    return os.access(scanc, os.X_OK) and subprocess.run(
        [scanc, *arguments], env=environment, capture_output=True).returncode == 0


program = os.path.join(config.test_source_root, "programs", "prefix_sum.scan")
if os.environ.get("SCANC_REQUIRE_NVRTC") or works(program, "--emit=ptx", "--target=sm_80"):
    config.available_features.add("nvrtc")
if works(program, "--emit=sass", "--target=sm_80"):
    config.available_features.add("disassembler")
if works("run", program, "--target=sm_90a"):
    config.available_features.add("gpu")
