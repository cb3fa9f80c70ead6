"""Takes standard input and output away from the user's file, so that nothing that it prints or reads gets between."""

import os
import sys
from typing import BinaryIO


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """What was standard input, and what was standard output. What is printed goes to standard error from now on."""
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    return questions, answers
