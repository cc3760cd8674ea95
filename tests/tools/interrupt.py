"""Interrupts a command when a file of its results has grown, and ends as it does: interrupt.py FILE COMMAND..."""
import os
import signal
import subprocess
import sys
import time


def size():
    return os.path.getsize(sys.argv[1]) if os.path.exists(sys.argv[1]) else 0


before = size()
process = subprocess.Popen(sys.argv[2:], start_new_session=True)
while process.poll() is None and size() == before:
    time.sleep(0.01)
# Twice, as timeout does: to the process, and, when that has been delivered, to its group.
for interrupt in (os.kill, os.killpg):
    if process.poll() is None:
        interrupt(process.pid, signal.SIGINT)
        time.sleep(0.005)
sys.exit(process.wait())
