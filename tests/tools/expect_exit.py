"""Runs a command and wants its exit code: expect_exit.py CODE COMMAND..."""
import subprocess
import sys

wanted = int(sys.argv[1])
got = subprocess.run(sys.argv[2:]).returncode
if got != wanted:
    sys.exit(f"expected exit code {wanted}, got {got}")
