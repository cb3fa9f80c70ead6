"""What lies on the disk: the data folder, the journal, and the room that is left."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from tradewind.cli.doctor.finding import Finding, failed, good, warning, wrong
from tradewind.errors import TradewindError
from tradewind.settings import Settings
from tradewind.streaming.verification import verify_file

_ENOUGH_BYTES = 1 << 30
_TOO_LITTLE_BYTES = 100 << 20


def check_files(settings: Settings) -> Iterator[Finding]:
    """Permissions, journal, disk."""
    yield _folder(settings.data_dir)
    yield _journal(settings.journal_file)
    yield _disk(settings.data_dir)


def _folder(folder: Path) -> Finding:
    if not folder.exists():
        return good("data folder", f"{folder} does not exist yet; the first start makes it")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return wrong("data folder", f"{folder} is open to other users (mode {mode:04o})", f"chmod 700 {folder}")
    return good("data folder", f"{folder}, mode {mode:04o}")


def _journal(path: Path) -> Finding:
    if not path.exists():
        return good("journal", "none yet")
    try:
        found = verify_file(path)
    except TradewindError as error:
        return failed("journal", error)
    if not found.ok:
        said = f"damaged at row {found.first_bad_seq}: {found.fault}"
        return wrong("journal", said, "Keep a copy of the file, and restore one that verifies.")
    return good("journal", f"{found.rows} events, every one verifies")


def _disk(folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / (1 << 30):,.1f} GiB free"
    if free < _TOO_LITTLE_BYTES:
        return wrong("disk", said, "Make room: without it no intent is accepted.")
    return good("disk", said) if free >= _ENOUGH_BYTES else warning("disk", said, "Make room soon.")
