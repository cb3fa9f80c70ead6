"""Every venue of the deployment, by chain and name."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from tradewind.errors import Misconfigured, Refused
from tradewind.venues.adapter import VenueAdapter

V_co = TypeVar("V_co", bound=VenueAdapter, covariant=True)


class VenueManager(Generic[V_co]):
    """Looks venues up; which exist is fixed when it is made."""

    def __init__(self, venues: Iterable[V_co]) -> None:
        self._adapters: dict[int, list[V_co]] = {}
        self._venues: dict[tuple[int, str], V_co] = {}
        for venue in venues:
            self._adapters.setdefault(venue.chain_id, []).append(venue)
            for name in dict.fromkeys((venue.name, *venue.venue_names)):
                if (venue.chain_id, name) in self._venues:
                    raise Misconfigured("venue_listed_twice", f"{name} on chain {venue.chain_id} is listed twice.")
                self._venues[venue.chain_id, name] = venue

    def names(self, chain_id: int) -> list[str]:
        """The venues of a chain that an intent may name, in order."""
        return sorted(name for venue in self._adapters.get(chain_id, ()) for name in venue.venue_names)

    def chains(self) -> list[int]:
        """The chains that have a venue."""
        return sorted(self._adapters)

    def on_chain(self, chain_id: int) -> list[V_co]:
        """Every venue of a chain, once each, in the order in which they were listed."""
        return list(self._adapters.get(chain_id, ()))

    def get(self, chain_id: int, name: str) -> V_co:
        """The venue; Refused (venue_unknown) names those there are."""
        venue = self._venues.get((chain_id, name))
        if venue is None:
            there = ", ".join(self.names(chain_id)) or "none"
            raise Refused(
                "venue_unknown",
                f"there is no venue {name[:80]!r} on chain {chain_id} (there: {there}).",
                remedy="Name one of those, or leave the venue open.",
            )
        return venue
