"""What the runtime needs: the C and C++ libraries, and nothing of LLVM or CUDA. Nor does the command line before it compiles."""
import re
import subprocess
import sys

ALLOWED = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "linux-vdso.so.1", "ld-linux-x86-64.so.2",
           "libdl.so.2", "libpthread.so.0"}
wrong = []
for path in sys.argv[1:]:
    output = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    needed = {re.split(r"[ (]", line.strip())[0].rsplit("/", 1)[-1] for line in output.splitlines()}
    wrong += [f"{path} needs {name}" for name in sorted(needed - ALLOWED)]
print("\n".join(wrong) or "nothing but the C and C++ libraries")
sys.exit(bool(wrong))
