"""The bundles that a block engine remembers, by id and by the signatures in them."""

from collections import OrderedDict
from collections.abc import Iterator

from tradewind.localnet.solana.block_engine.bundle import BundleRecord, InflightStatus


class BundleBook:
    """At most so many records, none older than `look_back_ms`; the oldest goes first."""

    def __init__(self, *, look_back_ms: int, most: int) -> None:
        self._look_back_ns = look_back_ms * 1_000_000
        self._most = most
        self._records: OrderedDict[str, BundleRecord] = OrderedDict()
        self._by_signature: dict[str, set[str]] = {}

    def __iter__(self) -> Iterator[BundleRecord]:
        return iter(self._records.values())

    def get(self, bundle: str) -> BundleRecord | None:
        """The record of this id."""
        return self._records.get(bundle)

    def put(self, record: BundleRecord) -> None:
        """Remember it, instead of an older record of the same bundle."""
        self._records[record.bundle.id] = record
        self._records.move_to_end(record.bundle.id)
        for signature in record.bundle.signatures:
            self._by_signature.setdefault(signature, set()).add(record.bundle.id)

    def pending(self) -> list[BundleRecord]:
        """Those that have neither landed nor failed."""
        return [record for record in self if record.status is InflightStatus.PENDING]

    def with_signature(self, signature: str) -> list[BundleRecord]:
        """Those that contain this transaction."""
        return [self._records[bundle] for bundle in self._by_signature.get(signature, ())]

    def forget_old(self, now_ns: int) -> None:
        """Let go of what is older than the look-back, or too much."""
        while self._records:
            oldest = next(iter(self._records.values()))
            if oldest.received_ns >= now_ns - self._look_back_ns and len(self._records) <= self._most:
                return
            del self._records[oldest.bundle.id]
            for signature in oldest.bundle.signatures:
                others = self._by_signature[signature]
                others.discard(oldest.bundle.id)
                if not others:
                    del self._by_signature[signature]
