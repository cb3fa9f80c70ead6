"""Tokens in files: 256 random bits, made on the first run or for somebody, where only the file's owner can read them.

What is kept of a token elsewhere is its SHA-256. A slow hash would add nothing: it makes it dear to try a list of
likely passwords, and no list holds 2^256 random tokens.
"""

import hashlib
import hmac
import os
import re
import secrets
import stat
from pathlib import Path

from tradewind.errors import Misconfigured

_BYTES = 32
_RANDOM = r"[A-Za-z0-9_-]{43}"
_OWNERS = re.compile(_RANDOM)
# The id is public: it finds the token, and whoever knows it alone knows nothing.
_NAMED = re.compile(rf"tw_([0-9a-f]{{12}})_({_RANDOM})")
_MAX_FILE_BYTES = 256


def make_or_read_token(path: Path) -> str:
    """The owner's token in `path`; when there is no such file, a new one is made and stored first."""
    make_folder(path.parent)
    if not os.path.lexists(path):
        write_new(path, new_secret())
    token = read_token(path)
    if not _OWNERS.fullmatch(token):
        raise _malformed(path)
    return token


def read_token(path: Path) -> str:
    """The token in `path`, the owner's or another; Misconfigured when it is missing, malformed or open to others."""
    text = read_private(path, what="API token", limit=_MAX_FILE_BYTES).decode("ascii", "replace").strip()
    if not _OWNERS.fullmatch(text) and not _NAMED.fullmatch(text):
        raise _malformed(path)
    return text


def new_secret() -> str:
    """256 random bits, as 43 characters."""
    return secrets.token_urlsafe(_BYTES)


def new_token_id() -> str:
    """The public part of a token that is made for somebody."""
    return secrets.token_hex(6)


def token_text(token_id: str, secret: str) -> str:
    """A token as its holder has it."""
    return f"tw_{token_id}_{secret}"


def split_token(presented: str) -> tuple[str, str] | None:
    """Id and secret of a token that was made for somebody; None for any other text."""
    match = _NAMED.fullmatch(presented)
    return None if match is None else (match[1], match[2])


def read_private(path: Path, *, what: str, limit: int) -> bytes:
    """Up to `limit` bytes of a file that only this user can touch; Misconfigured when it is not one."""
    try:
        # A symbolic link could lead to a file that somebody else controls.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Misconfigured(
            "token_missing", f"There is no {what} at {path}.", remedy="Start the service once: it makes one."
        ) from None
    except OSError as error:
        raise Misconfigured(
            "token_unreadable",
            f"The {what} {path} cannot be read: {error.strerror}.",
            remedy="It must be a plain file of the user who runs this.",
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        _check_file(path, os.fstat(file.fileno()), what)
        return file.read(limit)


def hash_token(token: str) -> bytes:
    """What the service keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def token_matches(presented: str, token_hash: bytes) -> bool:
    """Whether `presented` is the token; takes the same time wherever they differ."""
    return hmac.compare_digest(hash_token(presented), token_hash)


def make_folder(folder: Path) -> None:
    """Make `folder` (0700) when there is none; Misconfigured when others can look into it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            "token_folder_unusable",
            f"The folder {folder} cannot be made: {error.strerror}.",
            remedy="Choose another data_dir.",
        ) from None
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise Misconfigured(
            "token_folder_exposed",
            f"The folder {folder} is open to other users (mode {mode:04o}).",
            remedy=f"Run: chmod 700 {folder}",
        )


def write_new(path: Path, text: str) -> None:
    """Write a new file (0600) whole or not at all; when two processes do it at once, the first one's stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> Misconfigured:
    """Why a file of tokens could not be written."""
    return Misconfigured(
        "token_unwritable",
        f"{path} cannot be written: {error.strerror}.",
        remedy="Check the folder's permissions and the free space.",
    )


def sync_folder(folder: Path) -> None:
    """Have the disk know which files are in `folder`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_file(path: Path, status: os.stat_result, what: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Misconfigured(
            "token_unreadable", f"The {what} {path} is not a plain file.", remedy="Remove it and start again."
        )
    if status.st_uid != os.geteuid():
        raise Misconfigured(
            "token_of_another_user",
            f"The {what} {path} belongs to another user.",
            remedy="Run as that user, or remove the file to have a new one made.",
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise Misconfigured(
            "token_exposed",
            f"The {what} {path} is open to other users (mode {mode:04o}).",
            remedy=f"Run: chmod 600 {path} (and remove it to have a new one made, if anybody else could read it).",
        )


def _malformed(path: Path) -> Misconfigured:
    return Misconfigured(
        "token_malformed",
        f"{path} does not hold an API token.",
        remedy="Remove the file and start the service: it makes a new one.",
    )
