"""Every venue of the deployment, by chain and name."""

from collections.abc import Iterable

from tradewind.errors import Misconfigured, Refused
from tradewind.venues.adapter import VenueAdapter


class VenueManager:
    """Looks venues up; which exist is fixed when it is made."""

    def __init__(self, venues: Iterable[VenueAdapter]) -> None:
        self._venues: dict[tuple[int, str], VenueAdapter] = {}
        for venue in venues:
            if (venue.chain_id, venue.name) in self._venues:
                raise Misconfigured("venue_listed_twice", f"{venue.name} on chain {venue.chain_id} is listed twice.")
            self._venues[venue.chain_id, venue.name] = venue

    def names(self, chain_id: int) -> list[str]:
        """The venues of a chain, in order."""
        return sorted(name for chain, name in self._venues if chain == chain_id)

    def chains(self) -> list[int]:
        """The chains that have a venue."""
        return sorted({chain for chain, _ in self._venues})

    def get(self, chain_id: int, name: str) -> VenueAdapter:
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
