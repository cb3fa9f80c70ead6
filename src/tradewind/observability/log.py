"""Structured log lines: one JSON object a line on stderr; only named fields, so that nothing slips in."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

_LOGGER = logging.getLogger("tradewind")

Level = Literal["debug", "info", "warning", "error"]
_LEVELS: dict[Level, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


_ENCODE = json.JSONEncoder(default=str).encode


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _ENCODE(line)


def configure(level: Level = "info") -> None:
    """Send this process's log lines to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    _LOGGER.handlers[:] = [handler]
    _LOGGER.setLevel(_LEVELS[level])
    _LOGGER.propagate = False


def write(level: Level, event: str, /, *, failure: BaseException | None = None, **fields: object) -> None:
    """One line: what happened, and the fields that tell it from others of its kind."""
    number = _LEVELS[level]
    if not _LOGGER.isEnabledFor(number):
        return
    exc_info = (type(failure), failure, failure.__traceback__) if failure is not None else None
    # Made by hand: `Logger.log` would walk the stack for a place in the source that nobody reads.
    record = _LOGGER.makeRecord(_LOGGER.name, number, "", 0, event, (), exc_info, extra={"fields": fields})
    _LOGGER.handle(record)
