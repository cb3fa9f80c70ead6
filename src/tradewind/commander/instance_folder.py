"""The folder of one instance: where each of its files is, and the lock that gives it to one commander at a time."""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tradewind.errors import Conflict, InvalidInput, Misconfigured

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
DEFAULT_INSTANCE = "main"
_TRIES = 5
_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True, order=True)
class InstanceName:
    """`strategy/instance`."""

    strategy: str
    instance: str = DEFAULT_INSTANCE

    @classmethod
    def parse(cls, text: str) -> "InstanceName":
        """`arb` or `arb/two`. Raises InvalidInput `instance_malformed`."""
        strategy, slash, instance = text.partition("/")
        name = cls(strategy, instance if slash else DEFAULT_INSTANCE)
        for part in (name.strategy, name.instance):
            if not _NAME.fullmatch(part):
                message = "is not STRATEGY or STRATEGY/INSTANCE in lower-case letters, digits, - and _. Correct it."
                raise InvalidInput.one(text[:80] or "(empty)", "instance_malformed", message, what="instance")
        return name

    def __str__(self) -> str:
        return f"{self.strategy}/{self.instance}"


class InstanceFolder:
    """`<root>/<strategy>/<instance>/`, made when it is first used."""

    def __init__(self, root: Path, name: InstanceName) -> None:
        self.name = name
        self.path = root.absolute() / name.strategy / name.instance
        self.log = self.path / "engine.log"
        self.errors = self.path / "engine.stderr"
        self.events = self.path / "events.jsonl"
        self.position = self.path / "events.position"
        self.state = self.path / "state.json"
        self.wish = self.path / "wish.json"
        self.crashes = self.path / "crashes"
        self._lock = self.path / "lock"

    def make(self) -> None:
        """Raises Misconfigured `folder_unwritable`."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(
                "folder_unwritable",
                f"{self.path} cannot be made: {error.strerror}.",
                remedy="Name another folder: --data FOLDER",
            ) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; the kernel lets go of it when this process ends, however it ends.

        Raises Conflict `instance_running`.
        """
        self.make()
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _taken_soon(handle):
                raise Conflict(
                    "instance_running",
                    f"{self.name} is run by another commander.",
                    remedy=f"Stop it: tradewind stop {self.name}; or run another instance: --instance NAME",
                )
            yield
        finally:
            os.close(handle)

    def is_locked(self) -> bool:
        """Whether a commander holds it now."""
        try:
            handle = os.open(self._lock, os.O_RDWR)
        except OSError:
            return False
        try:
            return not _taken(handle)
        finally:
            os.close(handle)


def _taken_soon(handle: int) -> bool:
    """Somebody who looks whether the folder is held holds it for a moment."""
    for _ in range(_TRIES):
        if _taken(handle):
            return True
        time.sleep(_PAUSE_S)
    return False


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def folders_in(root: Path) -> list[InstanceFolder]:
    """Every instance that was ever run there."""
    found = []
    for path in sorted(root.glob("*/*")):
        names = path.relative_to(root).parts
        if path.is_dir() and all(map(_NAME.fullmatch, names)):
            found.append(InstanceFolder(root, InstanceName(*names)))
    return found
