"""Finds a strategy's file: by the strategy's name, by a name that is given, or at a path."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tradewind.errors import InvalidInput, Misconfigured

OF_THE_ENGINE = frozenset({"arb", "sniper", "liquidation", "python"})
SUFFIXES = (".yaml", ".yml", ".json", ".toml")


def folders(environment: Mapping[str, str], *, here: Path) -> tuple[Path, ...]:
    """Where strategies are looked for, the first first: the project's folder, then the user's."""
    home = Path(environment.get("HOME", "~")).expanduser()
    users = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return here / "configs" / "strategies", users / "tradewind" / "strategies"


def find_file(name: str, searched: Sequence[Path]) -> Path:
    """The file that `name` means: a path when it looks like one, otherwise `NAME.{yaml,yml,json,toml}` in a folder.

    Raises Misconfigured `config_missing`, and InvalidInput `config_ambiguous` when one folder has two.
    """
    path = Path(name).expanduser() if name.startswith("~/") else Path(name)
    if "/" in name or path.suffix in SUFFIXES:
        return _at(path)
    for folder in searched:
        found = [file for suffix in SUFFIXES if (file := folder / f"{name}{suffix}").is_file()]
        if len(found) > 1:
            message = f"is {' and '.join(file.name for file in found)} in {folder}. Keep one, or give its path."
            raise InvalidInput.one(name, "config_ambiguous", message, what="configuration")
        if found:
            return found[0].absolute()
    looked = ", ".join(map(str, searched))
    raise Misconfigured(
        "config_missing",
        f"There is no {name}.yaml, .yml, .json or .toml in {looked}.",
        remedy=_how_to_begin(name, searched[0]),
    )


def _how_to_begin(name: str, folder: Path) -> str:
    own = "" if name in OF_THE_ENGINE else f" with a strategy of your own: tradewind new strategy {name};"
    return (
        f"Begin{own} on a local chain, with the files that a desk needs: tradewind localnet solana --desk .; or write "
        f"{folder / name}.yaml as docs/commander.md shows, or give a file: --config PATH"
    )


def _at(path: Path) -> Path:
    if path.is_file():
        return path.absolute()
    if path.suffix not in SUFFIXES and path.suffix:
        raise InvalidInput.one(
            str(path),
            "config_suffix",
            f"ends with {path.suffix}. Name it {' or '.join(SUFFIXES)}.",
            what="configuration",
        )
    raise Misconfigured("config_missing", f"{path} does not exist.", remedy="Give the path of a file that does.")
