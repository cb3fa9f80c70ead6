"""The one checked file that the engine reads: made from the user's, versioned, replaced whole."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.errors import Conflict, Misconfigured

CHANGEABLE = frozenset({"limits", "blacklist", "parameters"})
NAME = "resolved.json"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the engine is told. `version` grows with each change."""

    version: int
    content: dict[str, Any]

    def to_json(self) -> str:
        """As it is written."""
        return json.dumps({"version": self.version, **self.content}, indent=2) + "\n"


def content_of(settings: StrategySettings, *, instance: str, folder: Path) -> dict[str, Any]:
    """Everything but the version, in the contract's order. `folder` is the instance's, where the engine writes."""
    dump = settings.model_dump(mode="json")
    dump.pop("commander")
    dump["parameters"] = _as_text(dump["parameters"])
    return {"strategy": dump.pop("strategy"), "instance": instance, "folder": str(folder), **dump}


def _as_text(value: Any) -> Any:
    """Whole numbers as decimal text, wherever they are: JSON's own end at 2^53 in many readers."""
    if isinstance(value, dict):
        return {key: _as_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_text(part) for part in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def written(folder: Path) -> Resolved | None:
    """What was written last; None when nothing was, or nothing that can be read."""
    try:
        content = json.loads((folder / NAME).read_bytes())
        return Resolved(int(content.pop("version")), content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def next_version(folder: Path, content: dict[str, Any], *, running: bool) -> Resolved:
    """What to write next; the same version where nothing changed.

    Raises Conflict `restart_needed` when an engine is `running` and what changed is not changeable under it.
    """
    before = written(folder)
    if before is None:
        return Resolved(1, content)
    changed = sorted(key for key in content | before.content if content.get(key) != before.content.get(key))
    fixed = [key for key in changed if key not in CHANGEABLE]
    if running and fixed:
        raise Conflict(
            "restart_needed",
            f"{', '.join(_fields(fixed, before.content, content))} cannot change while the engine runs.",
            remedy=f"Change it back, or: tradewind restart {content['strategy']}/{content['instance']}",
        )
    return Resolved(before.version + bool(changed), content)


def write(folder: Path, resolved: Resolved) -> Path:
    """Replace the file whole, on disk when this returns. Raises Misconfigured `folder_unwritable`."""
    path = folder / NAME
    replace_file(path, resolved.to_json().encode())
    return path


def replace_file(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Readers see the old file or the new one, and never less. With `durable` it is on disk when this returns."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise Misconfigured(
            "folder_unwritable", f"{path} cannot be written: {error.strerror}.", remedy="Make room, or mend its rights."
        ) from None


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _fields(keys: list[str], before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    named = []
    for key in keys:
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            named += [f"{key}.{part}" for part in sorted(old | new) if old.get(part) != new.get(part)]
        else:
            named.append(key)
    return named
