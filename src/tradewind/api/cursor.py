"""Cursors of lists: a place in the journal, written so that nobody takes it for a number to count with."""

import base64
import binascii

from tradewind.errors import InvalidInput

_PREFIX = b"before:"


def cursor_of(before_seq: int) -> str:
    """The cursor of what lies before a row."""
    return base64.urlsafe_b64encode(_PREFIX + str(before_seq).encode()).decode().rstrip("=")


def before_seq_of(cursor: str) -> int:
    """The row of a cursor; raises InvalidInput `cursor_malformed` for anything that `cursor_of` did not write."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        text = b""
    number = text.removeprefix(_PREFIX)
    if not (text.startswith(_PREFIX) and number.isdigit() and len(number) < 19 and cursor_of(int(number)) == cursor):
        raise InvalidInput.one(
            "query.cursor",
            "cursor_malformed",
            "is not a cursor of this service. Take it from `next` of a page, or leave it out to begin.",
            what="query",
        )
    return int(number)
