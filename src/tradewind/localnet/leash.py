"""Ties a program to the life of the process that starts it, then becomes that program.

Run as a script: `python leash.py PARENT_PID PROGRAM [ARGUMENT...]`. Linux kills the program when its parent dies, be
it by SIGKILL, so nothing is left running. Being a process of its own, it needs no code between fork and exec in a
program with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent_pid: int, program: list[str]) -> None:
    """Ask for the signal, make sure that the parent did not die before, and become the program."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        sys.exit(f"prctl(PR_SET_PDEATHSIG) failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent_pid:
        sys.exit("the parent is gone")
    os.execv(program[0], program)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
