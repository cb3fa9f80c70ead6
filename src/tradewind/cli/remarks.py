"""Says on the screen what goes wrong beside the engines of `tradewind run`: a line for each warning and error."""

import logging
from collections.abc import Callable

_AGAIN_AFTER_S = 60.0
_MOST_KINDS = 256
_KIND = ("subject", "part", "file", "code")


class Remarks(logging.Handler):
    """Each remark once a minute, however often it is made. `say` is given a line for people."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say
        self._said: dict[tuple[str, ...], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises: what cannot be said must not end what it is about."""
        fields = getattr(record, "fields", {})
        kind = (record.getMessage(), *(str(fields.get(name, "")) for name in (*_KIND, "message")))
        if record.created - self._said.get(kind, 0.0) < _AGAIN_AFTER_S:
            return
        if len(self._said) >= _MOST_KINDS:
            self._said.clear()
        self._said[kind] = record.created
        said = [f"{name}={value}" for name, value in fields.items() if name != "message"]
        if record.exc_info and record.exc_info[1] is not None:
            said.append(f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}")
        message = str(fields.get("message", ""))
        try:
            self._say("  ".join(filter(None, [record.levelname.lower(), record.getMessage(), *said, message])))
        except (OSError, ValueError):
            self.handleError(record)
