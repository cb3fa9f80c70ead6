"""An event that is on disk: its place in the journal and its link in the hash chain."""

import hashlib
from dataclasses import dataclass

from tradewind.domain.events import Envelope

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Recorded:
    """`seq` counts from 1 without gaps; `hash` covers this event and, through its predecessor's, all before it."""

    seq: int
    envelope: Envelope
    hash: str


def chain_hash(previous: str, text: str) -> str:
    """SHA-256 in hex of the previous row's hash (hex; GENESIS for the first) followed by the envelope's text."""
    return hashlib.sha256((previous + text).encode()).hexdigest()
