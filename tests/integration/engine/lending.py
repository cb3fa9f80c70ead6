"""Kamino's dumped market on a local Solana: its reserves at the market's own prices, and loans of any amounts."""

from pathlib import Path

from solders.account import Account
from solders.pubkey import Pubkey

from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana import SolanaLocalnet

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "solana" / "kamino"
KAMINO = Pubkey.from_string("KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD")
MARKET = "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF"
USDC_RESERVE = "D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59"
SOL_RESERVE = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q"
DUMPED_LOAN = "4w1qUuYbXpwYkqWzuovJFvP3TRt9EgEzYQv7kYY1nM3J"
TABLE_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
# The keys of a reserve that a liquidation names: farms, mint, vaults, token program, those of the collateral, Scope.
KEYS_OF_RESERVE = (64, 96, 128, 160, 192, 408, 2560, 2600, 5112)
USDC_OF_COLLATERAL = 1.0906


class LendingMarket:
    """The dump in place, and what else a test puts beside it."""

    def __init__(self, chain: SolanaLocalnet) -> None:
        self.chain = chain
        pool = chain.description.pool("raydium_amm_v4", "SOL/USDC")
        self.usdc = next(mint for mint in (pool.base_mint, pool.quote_mint) if mint != str(WSOL))
        held = {pool.base_mint: self._held(pool.base_vault), pool.quote_mint: self._held(str(pool.quote_vault))}
        # Raw units of six decimals for raw units of nine.
        self.sol_price = held[self.usdc] * 1000 / held[str(WSOL)]
        self._put(MARKET, self._dump(MARKET))
        self.price(USDC_RESERVE, 1.0)
        self.price(SOL_RESERVE, self.sol_price)

    def price(self, reserve: str, dollars: float) -> None:
        """Put a reserve in place as of now, at this price; that of USDC keeps the local market's USDC."""
        data = self._dump(reserve)
        data[16:24] = self.chain.node.slot.to_bytes(8, "little")
        data[248:264] = int(dollars * 2**60).to_bytes(16, "little")
        data[264:272] = int(self.chain.node.unix_timestamp_s).to_bytes(8, "little")
        if reserve == USDC_RESERVE:
            data[128:160] = bytes(Pubkey.from_string(self.usdc))
        self._put(reserve, data)

    def loan(self, number: int, *, dollars: float, owed_share: float) -> str:
        """A loan of its own address: USDC deposited, and SOL owed that is worth this share of it."""
        data = self._dump(DUMPED_LOAN)
        data[1208:1240] = bytes(32)
        data[264:272] = int(dollars * 1e6 / USDC_OF_COLLATERAL).to_bytes(8, "little")
        data[1440:1472] = self._dump(SOL_RESERVE)[296:328]
        owed_raw = int(dollars * owed_share / self.sol_price * 1e9)
        data[1496:1512] = (owed_raw << 60).to_bytes(16, "little")
        if owed_raw == 0:
            data[1408:1440] = bytes(32)
        address = str(Pubkey(bytes([200, number] + [7] * 30)))
        self._put(address, data)
        return address

    def dumped_loan(self) -> str:
        """As it was dumped: one of its reserves is not there."""
        self._put(DUMPED_LOAN, self._dump(DUMPED_LOAN))
        return DUMPED_LOAN

    def lookup_table(self, *more: str) -> str:
        """A table with everything that a liquidation names, and these."""
        keys = [MARKET, USDC_RESERVE, SOL_RESERVE, "Sysvar1nstructions1111111111111111111111111", *more]
        keys.append(str(Pubkey.find_program_address([b"lma", bytes(Pubkey.from_string(MARKET))], KAMINO)[0]))
        for reserve in (USDC_RESERVE, SOL_RESERVE):
            data = self._dump(reserve)
            keys += [str(Pubkey(bytes(data[place : place + 32]))) for place in KEYS_OF_RESERVE]
        head = (1).to_bytes(4, "little") + b"\xff" * 8 + bytes(44)
        unique = b"".join(bytes(Pubkey.from_string(key)) for key in dict.fromkeys(keys))
        address = Pubkey(bytes([201] + [7] * 31))
        self.chain.node.set_account(address, Account(10**10, head + unique, TABLE_PROGRAM))
        return str(address)

    def _held(self, vault: str) -> int:
        account = self.chain.node.account(Pubkey.from_string(vault))
        assert account is not None
        return int.from_bytes(account.data[64:72], "little")

    @staticmethod
    def _dump(address: str) -> bytearray:
        return bytearray((FOLDER / f"{address}.bin").read_bytes())

    def _put(self, address: str, data: bytes | bytearray) -> None:
        self.chain.node.set_account(Pubkey.from_string(address), Account(10**10, bytes(data), KAMINO))
