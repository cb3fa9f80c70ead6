"""Address lookup tables: what is in those that a configuration names."""

from collections.abc import Sequence

from tradewind.domain.base58 import base58
from tradewind.errors import Misconfigured
from tradewind.venues.solana.cluster import Account, SolanaCluster

PROGRAM = "AddressLookupTab1e1111111111111111111111111"
# LookupTableMeta: type u32, deactivation slot u64, last extended slot u64, its start u8, authority option, padding.
_META_BYTES, _ADDRESS_BYTES = 56, 32
_NEVER = (1 << 64) - 1


class LookupTables:
    """The configured tables of one cluster, read when they are first needed. They only grow, so they are kept."""

    def __init__(self, cluster: SolanaCluster, tables: Sequence[str]) -> None:
        self._cluster = cluster
        self._tables = tuple(tables)
        self._known: dict[str, list[str]] | None = None

    async def read(self) -> dict[str, list[str]]:
        """The addresses of each, in order. Misconfigured for what is no table, or one that is being closed."""
        if self._known is None:
            read = await self._cluster.accounts(self._tables) if self._tables else None
            self._known = {table: _addresses(table, read.by_address[table]) for table in self._tables} if read else {}
        return self._known


def _addresses(table: str, account: Account | None) -> list[str]:
    data = b"" if account is None or account.owner != PROGRAM else account.data
    if len(data) < _META_BYTES or (len(data) - _META_BYTES) % _ADDRESS_BYTES:
        raise Misconfigured(
            "lookup_table_unknown",
            f"{table} is no address lookup table on this cluster.",
            remedy="Correct solana.lookup_tables, or take it out.",
        )
    if int.from_bytes(data[4:12], "little") != _NEVER:
        raise Misconfigured("lookup_table_closing", f"The lookup table {table} is being closed.", remedy="Take it out.")
    return [base58(data[at : at + _ADDRESS_BYTES]) for at in range(_META_BYTES, len(data), _ADDRESS_BYTES)]
