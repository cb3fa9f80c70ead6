"""A process that is asked in JSON lines and answers in JSON lines, one at a time."""

import contextlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class ProcessFailed(Exception):
    """It ended, or answered with an error."""


class LineProcess:
    """Use as a context: leaving it ends the process. The process measures its own work; this channel is not counted."""

    def __init__(self, command: Sequence[str], *, cwd: Path | None = None) -> None:
        self._process = subprocess.Popen(
            list(command), cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def ask(self, **request: object) -> dict[str, Any]:
        """The answer to one request; blocks. Raises ProcessFailed."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ProcessFailed("it has no pipes")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ProcessFailed("it has ended") from None
        line = self._process.stdout.readline()
        if not line:
            raise ProcessFailed("it ended without an answer")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ProcessFailed(str(answer["error"]))
        return answer
