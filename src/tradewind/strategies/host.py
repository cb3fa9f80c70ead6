"""The process that the engine starts: `python -m tradewind.strategies.host FILE ENGINE_PID`.

Each line of its standard input is a question, and is answered by a line on its standard output.
It ends with the engine.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from tradewind.strategies.private_pipes import private_pipes
from tradewind.strategies.runner import Runner

_PR_SET_PDEATHSIG = 1


def main(file: Path, engine_pid: int) -> None:
    """Answer until there are no more questions."""
    _end_with(engine_pid)
    # The engine is asked to stop by a signal to its group; it then tells the strategy itself.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    questions, answers = private_pipes()
    runner = Runner(file, keeps=Path.cwd())
    for line in questions:
        message = json.loads(line)
        answers.write(json.dumps(runner.answer(message)).encode() + b"\n")
        answers.flush()
        if message["kind"] == "stop":
            return


def _end_with(engine_pid: int) -> None:
    """Also a strategy that hangs does not outlive its engine."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != engine_pid:
        sys.exit("the engine is gone")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
