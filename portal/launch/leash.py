"""Run a command that gets a signal when the process that started it ends: `leash.py SIGNAL PARENT COMMAND…`.

A launcher killed with -9 can no longer stop its children; on Linux the kernel does it in its stead. Elsewhere
the command runs without a leash. A script of its own, and not a `preexec_fn`: the launcher has threads, and
Python may not safely run between fork and exec of such a process.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    number, parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != int(parent):
            sys.exit(1)  # the parent died before the leash was on
    os.execv(command[0], command)  # noqa: S606 - no shell is what is wanted


if __name__ == "__main__":
    main()
