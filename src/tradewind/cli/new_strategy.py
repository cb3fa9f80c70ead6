"""What `tradewind new strategy` writes: the strategy, its configuration, and its test."""

import json
import keyword
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.searching import OF_THE_ENGINE, SUFFIXES
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.errors import Conflict, InvalidInput, TradewindError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TEMPLATES = files("tradewind").joinpath("configs", "new_strategy")
_MAINNET = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
_PROGRAMS = ["675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8", "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"]


@dataclass(frozen=True, slots=True)
class NewStrategy:
    """The text of each file, and whose configuration the chain was taken from, if there was one."""

    files: dict[Path, str]
    like: Path | None


def checked_name(name: str) -> str:
    """Raises InvalidInput `name_malformed` or `name_taken`."""
    if not _NAME.fullmatch(name):
        message = "is not 1 to 40 lower-case letters, digits and _, a letter first. Choose such a name."
        raise InvalidInput.one(name[:80] or "(empty)", "name_malformed", message, what="name")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise InvalidInput.one(name, "name_taken", "is a word of Python. Choose another name.", what="name")
    if name in OF_THE_ENGINE:
        raise InvalidInput.one(name, "name_taken", "is a strategy of the engine. Choose another name.", what="name")
    return name


def new_strategy(name: str, folder: Path) -> NewStrategy:
    """Raises InvalidInput, and Conflict `file_exists` when one of the files is there."""
    checked_name(name)
    configurations = folder / "configs" / "strategies"
    like = _like(configurations)
    file, test = folder / "strategies" / f"{name}.py", folder / "tests" / f"test_{name}.py"
    written = configurations / f"{name}.yaml"
    others = [configurations / f"{name}{suffix}" for suffix in SUFFIXES]
    if there := [str(path) for path in (file, test, *others) if path.exists() or path.is_symlink()]:
        raise Conflict("file_exists", f"Already there: {', '.join(there)}.", remedy="Choose another name.")
    named = {"NAME": name, "CLASS": "".join(part.capitalize() for part in name.split("_")) + "Strategy"}
    settings = None if like is None else read_strategy_file(like).settings
    texts = {
        file: _filled("strategy.py.txt", named),
        written: _filled("strategy.yaml.txt", named | _chain(settings, configurations, name)),
        test: _filled("test_strategy.py.txt", named),
    }
    return NewStrategy(texts, like)


def write_all(texts: dict[Path, str]) -> None:
    """All of them, or none. Raises OSError."""
    made: list[Path] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                made.append(path)
                file.write(text)
    except OSError:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _like(configurations: Path) -> Path | None:
    """A configuration that is right beside the new one: it says which chain is meant."""
    found = [path for path in configurations.glob("*") if path.suffix in SUFFIXES and path.is_file()]
    for path in sorted(found, key=lambda path: (path.stem != "arb", path.name)):
        try:
            read_strategy_file(path)
        except TradewindError:
            continue
        return path
    return None


def _chain(settings: StrategySettings | None, folder: Path, name: str) -> dict[str, str]:
    """What the configuration says of the chain, the signer and the pools."""
    own: dict[str, Any] = {}
    values: dict[str, Any] = {
        "FILE": f"../../strategies/{name}.py",
        "RPC": ["http://127.0.0.1:8899"],
        "WEBSOCKET": "ws://127.0.0.1:8900",
        "YELLOWSTONE": None,
        "SHREDSTREAM": None,
        "GENESIS": _MAINNET,
        "SOCKET": "../../signer.sock",
        "FEED": "websocket",
        "SNAPSHOT": None,
        "PROGRAMS": _PROGRAMS,
        "WALLET": None,
    }
    if settings is not None:
        chain, inventory = settings.chain, settings.inventory
        own = {key: settings.parameters[key] for key in ("strategy_id", "lookup_tables") if key in settings.parameters}
        if settings.commander.wallet is not None:
            # Then paper needs no signer to know who would trade.
            own["wallet"] = str(settings.commander.wallet)
        values |= {
            "RPC": list(chain.rpc),
            "WEBSOCKET": chain.websocket,
            "YELLOWSTONE": chain.yellowstone,
            "SHREDSTREAM": chain.shredstream,
            "GENESIS": str(chain.genesis_hash),
            "SOCKET": os.path.relpath(settings.signer.socket, folder.resolve()),
            "FEED": settings.feeds.kind,
            "SNAPSHOT": None if inventory.snapshot is None else os.path.relpath(inventory.snapshot, folder.resolve()),
            "PROGRAMS": [str(program) for program in inventory.programs],
            "WALLET": None if settings.commander.wallet is None else str(settings.commander.wallet),
        }
    said = {key: json.dumps(value) for key, value in values.items()}
    said["OWN"] = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in own.items())
    return said


def _filled(template: str, values: dict[str, str]) -> str:
    text = _TEMPLATES.joinpath(template).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
