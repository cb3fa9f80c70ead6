"""Reads a TOML file of settings; says what is wrong with one that cannot be read."""

import tomllib
from pathlib import Path
from typing import Any

from tradewind.errors import InvalidInput, Misconfigured


def read_toml(path: Path, *, remedy: str) -> dict[str, Any]:
    """Its keys. Raises Misconfigured (`config_missing`, with this remedy, and `config_unreadable`) and InvalidInput."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise Misconfigured("config_missing", f"{path} does not exist.", remedy=remedy) from None
    except OSError as error:
        raise Misconfigured(
            "config_unreadable", f"{path} cannot be read: {error.strerror}.", remedy="Check its type and permissions."
        ) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 at byte {error.start}. Save it as UTF-8."
        raise InvalidInput.one("(whole)", "toml_malformed", message, what=str(path)) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"is not TOML: {error}. Correct it there."
        raise InvalidInput.one("(whole)", "toml_malformed", message, what=str(path)) from None
