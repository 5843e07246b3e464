"""The box: puts limits on its own process, then runs there a script that reads one PDF from standard input.

Run by boxed.py in a process of its own, and never imported by the portal:

    python -IB box.py CPU_SECONDS MEMORY_BYTES SCRIPT ARGUMENT… < file.pdf

When a limit ends it, its exit code says so. It can write no file and start no process.
"""

import gc
import resource
import sys

CPU_SECONDS, MEMORY_BYTES = map(int, sys.argv[1:3])
for limit, value in (
    (resource.RLIMIT_CPU, CPU_SECONDS),
    (resource.RLIMIT_AS, MEMORY_BYTES),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NPROC, 0),
    (resource.RLIMIT_NOFILE, 16),
):
    resource.setrlimit(limit, (value, value))
# A short process whose memory is bounded needs no garbage collector, which would take a fifth of its time.
gc.disable()

# The limits come first, so that they hold for all that follows.
import runpy  # noqa: E402

sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
