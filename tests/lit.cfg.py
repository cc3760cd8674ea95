"""Tests of text: one pass, or one call of scanc, and what it must print."""
import os

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
# One switch makes every scanc-opt of the suite check that its IR survives print and parse.
if os.environ.get("SCANC_VERIFY_ROUNDTRIP"):
    config.substitutions.append(("scanc-opt", "scanc-opt --verify-roundtrip"))
