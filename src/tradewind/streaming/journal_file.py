"""The file behind the journal: its layout, who may open it, and the connections to it."""

import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path

from tradewind.errors import Misconfigured
from tradewind.streaming.recorded import GENESIS

APPLICATION_ID = 0x54574A4C  # "TWJL"
SCHEMA_VERSION = 1
_BUSY_TIMEOUT_S = 30.0

# `head` repeats the last row's place and hash, so that rows missing at the end are noticed as well.
_LAYOUT = f"""
PRAGMA journal_mode = WAL;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
BEGIN;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    type TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_correlation ON events (correlation_id, seq);
CREATE INDEX events_by_type ON events (type, seq);
CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
INSERT INTO head VALUES (1, 0, '{GENESIS}');
COMMIT;
"""  # noqa: S608 - constants only


def create_if_missing(path: Path) -> None:
    """Lay out an empty journal (mode 0600). It appears whole or not at all, so an empty file is never ours."""
    if path.exists():
        return
    unborn = path.with_name(f"{path.name}.new")
    for leftover in (unborn, unborn.with_name(f"{unborn.name}-wal"), unborn.with_name(f"{unborn.name}-shm")):
        leftover.unlink(missing_ok=True)
    os.close(os.open(unborn, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with contextlib.closing(sqlite3.connect(unborn, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA synchronous = FULL;{_LAYOUT}")
    unborn.rename(path)
    _sync_folder(path.parent)


def take_lock(path: Path) -> int:
    """Become the journal's only writer until the returned descriptor is closed; a crash releases it as well."""
    lock_path = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The lock has a file of its own: closing a second descriptor of the database would drop SQLite's own locks.
        descriptor = os.open(lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(
            "journal_unwritable",
            f"The folder of the journal {path} cannot be written: {error.strerror}.",
            remedy="Give this user the folder, or set another data_dir.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Misconfigured(
            "journal_in_use",
            f"The journal {path} is already open in a running service.",
            remedy="Stop that service first, or give this one its own data_dir.",
        ) from None
    return descriptor


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes: a commit returns after the operating system has synced it to the disk."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read; it neither waits for the writer nor holds it up."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not a journal, or one laid out by software that this one does not know."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        raise Misconfigured(
            "journal_unknown",
            f"{path} is a database, but not a Tradewind journal.",
            remedy="Set data_dir to the folder of the journal, or to an empty one.",
        )
    if version != SCHEMA_VERSION:
        raise Misconfigured(
            "journal_version_unknown",
            f"{path} has layout version {version}; this software reads version {SCHEMA_VERSION}.",
            remedy="Run the version of Tradewind that wrote it.",
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
