"""Reads a strategy's file and checks all of it before anything starts."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tradewind.commander.strategy_file.contradictions import contradictions
from tradewind.commander.strategy_file.json_text import read_json
from tradewind.commander.strategy_file.located import Located, Malformed
from tradewind.commander.strategy_file.mistake import Mistake, MistakesInFile
from tradewind.commander.strategy_file.naming import at, mistakes_of
from tradewind.commander.strategy_file.nesting import require_shallow
from tradewind.commander.strategy_file.plainness import not_plain, require_few_digits
from tradewind.commander.strategy_file.python_file import python_mistakes
from tradewind.commander.strategy_file.secrets import secrets_in
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.strategy_file.toml_text import read_toml
from tradewind.commander.strategy_file.yaml_text import read_yaml
from tradewind.errors import Misconfigured

MOST_BYTES = 4 << 20
_READERS: dict[str, Callable[[str], Located]] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".json": read_json,
    ".toml": read_toml,
}


@dataclass(frozen=True, slots=True)
class StrategyFile:
    """A file that was read and is right. `digest` is SHA-256 of its bytes."""

    path: Path
    settings: StrategySettings
    digest: str


def read_strategy_file(path: Path, *, strategy: str | None = None) -> StrategyFile:
    """Raises MistakesInFile with every mistake, and Misconfigured `config_unreadable`.

    `strategy` is the one that was asked for, when one was.
    """
    raw, located = read_located(path)
    data = located.data
    data.setdefault("signer", {})
    mistakes = general_mistakes(path, located)
    settings: StrategySettings | None = None
    try:
        settings = StrategySettings.model_validate_json(json.dumps(data), context={"folder": path.resolve().parent})
    except ValidationError as error:
        secret = {mistake.field for mistake in mistakes}
        mistakes += [mistake for mistake in mistakes_of(error, path, located) if mistake.field not in secret]
    mistakes += [at(path, located, place, said) for place, said in contradictions(data, strategy=strategy)]
    mistakes += [at(path, located, place, said) for place, said in python_mistakes(data, path.resolve().parent)]
    if mistakes or settings is None:
        raise MistakesInFile(mistakes)
    return StrategyFile(path, settings, hashlib.sha256(raw).hexdigest())


def read_located(path: Path) -> tuple[bytes, Located]:
    """The bytes of a file, and the table that they are, whatever its format.

    Raises MistakesInFile, and Misconfigured `config_unreadable`.
    """
    raw = _bytes_of(path)
    located = _located(path, raw)
    if not isinstance(located.data, dict):
        said = "not_a_table", "holds no keys.", "Write keys and values, such as mode: paper."
        raise MistakesInFile([at(path, located, (), said)])
    if mistakes := [at(path, located, place, said) for place, said in not_plain(located.data)]:
        raise MistakesInFile(mistakes)
    return raw, located


def general_mistakes(path: Path, located: Located) -> list[Mistake]:
    """What is wrong in a file of any kind: a key that stands twice, and a secret."""
    return [*_twice(path, located), *_secret(path, located)]


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Misconfigured(
            "config_unreadable", f"{path} cannot be read: {error.strerror}.", remedy="Check its type and permissions."
        ) from None


def _located(path: Path, raw: bytes) -> Located:
    try:
        read, text = _reader(path), _text(raw)
        require_shallow(text)
        require_few_digits(text)
        return read(text)
    except Malformed as error:
        mistake = Mistake(path, error.line, "(whole)", "text_malformed", error.fault, error.remedy)
        raise MistakesInFile([mistake]) from None


def _reader(path: Path) -> Callable[[str], Located]:
    if (reader := _READERS.get(path.suffix)) is None:
        raise Malformed(1, "is of no known format.", f"Name it {', '.join(_READERS)}.")
    return reader


def _text(raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        raise Malformed(1, f"is larger than {MOST_BYTES >> 20} MiB.", "Give large lists to the engine as a snapshot.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Malformed(line, f"is not UTF-8 at byte {error.start}.", "Save it as UTF-8.") from None


def _twice(path: Path, located: Located) -> list[Mistake]:
    return [
        at(path, located, place, ("key_twice", "is written twice in the same section.", "Remove one of them."))
        for place in located.twice
    ]


def _secret(path: Path, located: Located) -> list[Mistake]:
    remedy = "Remove it, and import the key: tradewind keys import --keys keys.age --solana-file id.json --delete"
    return [
        at(path, located, place, ("secret_in_file", "looks like a secret, which belongs to the signer alone.", remedy))
        for place in secrets_in(located.data)
    ]
