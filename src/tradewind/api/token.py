"""The API token: 256 random bits, made on the first run, in a file that only its owner can read."""

import hashlib
import hmac
import os
import re
import secrets
import stat
from pathlib import Path

from tradewind.errors import Misconfigured

_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


def make_or_read_token(path: Path) -> str:
    """The token in `path`; when there is no such file, a new one is made and stored first."""
    _make_folder(path.parent)
    _check_folder(path.parent)
    if not os.path.lexists(path):
        _make(path)
    return read_token(path)


def read_token(path: Path) -> str:
    """The token in `path`; raises Misconfigured when it is missing, malformed or open to others."""
    try:
        # A symbolic link could lead to a file that somebody else controls.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Misconfigured(
            "token_missing", f"There is no API token at {path}.", remedy="Start the service once: it makes one."
        ) from None
    except OSError as error:
        raise Misconfigured(
            "token_unreadable",
            f"The API token {path} cannot be read: {error.strerror}.",
            remedy="It must be a plain file of the user who runs this.",
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        _check_file(path, os.fstat(file.fileno()))
        return _parse(path, file.read(256))


def hash_token(token: str) -> bytes:
    """What the service keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def token_matches(presented: str, token_hash: bytes) -> bool:
    """Whether `presented` is the token; takes the same time wherever they differ."""
    return hmac.compare_digest(hash_token(presented), token_hash)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            "token_folder_unusable",
            f"The folder {folder} cannot be made: {error.strerror}.",
            remedy="Choose another data_dir.",
        ) from None


def _check_folder(folder: Path) -> None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise Misconfigured(
            "token_folder_exposed",
            f"The folder {folder} is open to other users (mode {mode:04o}).",
            remedy=f"Run: chmod 700 {folder}",
        )


def _make(path: Path) -> None:
    """Write a new token whole or not at all; when two processes do it at once, the first one's stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_urlsafe(_BYTES).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise Misconfigured(
            "token_unwritable",
            f"The API token {path} cannot be written: {error.strerror}.",
            remedy="Check the folder's permissions and the free space.",
        ) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Misconfigured(
            "token_unreadable", f"The API token {path} is not a plain file.", remedy="Remove it and start again."
        )
    if status.st_uid != os.geteuid():
        raise Misconfigured(
            "token_of_another_user",
            f"The API token {path} belongs to another user.",
            remedy="Run as that user, or remove the file to have a new one made.",
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise Misconfigured(
            "token_exposed",
            f"The API token {path} is open to other users (mode {mode:04o}).",
            remedy=f"Run: chmod 600 {path} (and remove it to have a new one made, if anybody else could read it).",
        )


def _parse(path: Path, content: bytes) -> str:
    text = content.decode("ascii", "replace").strip()
    if not _FORM.fullmatch(text):
        raise Misconfigured(
            "token_malformed",
            f"{path} does not hold an API token.",
            remedy="Remove the file and start the service: it makes a new one.",
        )
    return text
