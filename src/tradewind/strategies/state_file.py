"""The strategy's own state: a small JSON file, replaced whole, in the folder that the engine runs in."""

import json
import os
from pathlib import Path
from typing import Any

NAME = "strategy_state.json"
MOST_BYTES = 1 << 20


class StateFile:
    """Written where it changed. With `path` None nothing is kept, as in a replay."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._written = "{}"

    def read(self) -> dict[str, Any]:
        """What was written last; empty at first. Raises ValueError when the file cannot be read."""
        if self._path is None or not self._path.exists():
            return {}
        self._written = self._path.read_text(encoding="utf-8")
        try:
            state = json.loads(self._written)
        except ValueError:
            state = None
        if not isinstance(state, dict):
            message = f"{self._path} does not hold a JSON object. Correct or remove it"
            raise ValueError(message)  # noqa: TRY004 (a file of the user's is wrong)
        return state

    def write(self, state: dict[str, Any]) -> None:
        """On disk when this returns. Raises TypeError of values that JSON does not have, and ValueError of too many."""
        text = json.dumps(state)
        if len(text) > MOST_BYTES:
            message = f"self.state has {len(text)} bytes, and {MOST_BYTES} are kept. Keep less."
            raise ValueError(message)
        if self._path is None or text == self._written:
            return
        beside = self._path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self._written = text
