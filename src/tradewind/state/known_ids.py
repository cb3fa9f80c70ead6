"""Remembers which ids there have been, in the same small space however many: it says "new" for certain, or "ask"."""

from uuid import UUID

# 4 MiB. Of ids that are new, one in fifty has to be asked about after four million, and each after many more.
_BITS = 25
_MASK = (1 << _BITS) - 1
# Parts of an id in which no version and no variant stands.
_SHIFTS = (0, 31, 80, 103)


class KnownIds:
    """A Bloom filter over UUIDs. Whoever chooses ids that collide makes his own requests slower, and nothing else."""

    def __init__(self) -> None:
        self._bits = bytearray(1 << (_BITS - 3))

    def add(self, known: UUID) -> None:
        """From now on this id may be known."""
        number = known.int
        for shift in _SHIFTS:
            place = number >> shift & _MASK
            self._bits[place >> 3] |= 1 << (place & 7)

    def may_have(self, asked: UUID) -> bool:
        """False: it was never added."""
        number, bits = asked.int, self._bits
        for shift in _SHIFTS:
            place = number >> shift & _MASK
            if not bits[place >> 3] >> (place & 7) & 1:
                return False
        return True
