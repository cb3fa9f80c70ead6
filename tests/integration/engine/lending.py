"""Kamino's dumped market on a local Solana: its reserves at the market's own prices, and loans of any amounts."""

from pathlib import Path

from solders.account import Account
from solders.pubkey import Pubkey

from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.token_accounts import TOKEN_PROGRAM

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "solana" / "kamino"
KAMINO = Pubkey.from_string("KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD")
FARMS = Pubkey.from_string("FarmsPZpWu9i7Kky8tPN37rs2TpmMrAZrC7S7vJa91Hr")
MARKET = "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF"
USDC_RESERVE = "D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59"
SOL_RESERVE = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q"
DUMPED_LOAN = "4w1qUuYbXpwYkqWzuovJFvP3TRt9EgEzYQv7kYY1nM3J"
TABLE_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
# The keys of a reserve that a liquidation names: farms, mint, vaults, token program, those of the collateral, Scope.
KEYS_OF_RESERVE = (64, 96, 128, 160, 192, 408, 2560, 2600, 5112)
USDC_OF_COLLATERAL = 1.0906
RENT = 10**7
TOKEN_ACCOUNT_RENT = 2_039_280


class LendingMarket:
    """The dump in place, and what else a test puts beside it."""

    def __init__(self, chain: SolanaLocalnet, *, farms: bool = True) -> None:
        self.chain = chain
        self._farms = farms
        pool = chain.description.pool("raydium_amm_v4", "SOL/USDC")
        self.usdc = next(mint for mint in (pool.base_mint, pool.quote_mint) if mint != str(WSOL))
        held = {pool.base_mint: self._held(pool.base_vault), pool.quote_mint: self._held(str(pool.quote_vault))}
        # Raw units of six decimals for raw units of nine.
        self.sol_price = held[self.usdc] * 1000 / held[str(WSOL)]
        market = self._dump(MARKET)
        # A price is read from its oracle, which is not here, once it is as old as its reserve allows, and not before.
        market[125] = 100
        self._put(MARKET, market)
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
        if not self._farms:
            data[64:128] = bytes(64)
        self._put(reserve, data)

    def deploy(self, klend: bytes) -> None:
        """Kamino's program, and what it moves: the tokens in the reserves' vaults, and those of the collateral.

        Where no reserve has a farm their program is only looked at, so any program is as good in its place.
        """
        for program in (KAMINO, FARMS):
            self.chain.node.add_program(program, klend)
        keeper = Pubkey.find_program_address([b"lma", bytes(Pubkey.from_string(MARKET))], KAMINO)[0]
        for reserve, mint in ((USDC_RESERVE, self.usdc), (SOL_RESERVE, str(WSOL))):
            data = self._held_by(reserve)
            key = {place: bytes(data[place : place + 32]) for place in (160, 192, 2560, 2600)}
            self._token_account(
                key[160], bytes(Pubkey.from_string(mint)), keeper, int.from_bytes(data[224:232], "little")
            )
            self._token_account(key[192], bytes(Pubkey.from_string(mint)), keeper, 0)
            supply_raw = int.from_bytes(data[2592:2600], "little")
            head = (1).to_bytes(4, "little") + bytes(keeper)
            collateral = head + supply_raw.to_bytes(8, "little") + bytes([data[272], 1]) + bytes(36)
            self.chain.node.set_account(Pubkey(key[2560]), Account(RENT, collateral, TOKEN_PROGRAM))
            self._token_account(key[2600], key[2560], keeper, supply_raw)

    def collateral_mint(self, reserve: str) -> str:
        """The token of what is lent to a reserve."""
        return str(Pubkey(bytes(self._held_by(reserve)[2560:2592])))

    def vault_raw(self, reserve: str) -> int:
        """What the reserve's vault holds."""
        return self._held(str(Pubkey(bytes(self._held_by(reserve)[160:192]))))

    def owed_raw(self, loan: str) -> int:
        """The SOL that a loan owes, rounded down, as of the program's last word."""
        return int.from_bytes(self._held_by(loan)[1496:1512], "little") >> 60

    def collateral_raw(self, loan: str) -> int:
        """The collateral that a loan has in USDC's reserve."""
        return int.from_bytes(self._held_by(loan)[264:272], "little")

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
        return int.from_bytes(self._held_by(vault)[64:72], "little")

    def _held_by(self, address: str) -> bytes:
        account = self.chain.node.account(Pubkey.from_string(address))
        assert account is not None, address
        return bytes(account.data)

    def _token_account(self, address: bytes, mint: bytes, owner: Pubkey, amount_raw: int) -> None:
        wrapped = mint == bytes(WSOL)
        native = (1).to_bytes(4, "little") + TOKEN_ACCOUNT_RENT.to_bytes(8, "little") if wrapped else bytes(12)
        data = mint + bytes(owner) + amount_raw.to_bytes(8, "little") + bytes(36) + b"\x01" + native + bytes(44)
        lamports = TOKEN_ACCOUNT_RENT + (amount_raw if wrapped else 0)
        self.chain.node.set_account(Pubkey(address), Account(lamports, data, TOKEN_PROGRAM))

    @staticmethod
    def _dump(address: str) -> bytearray:
        return bytearray((FOLDER / f"{address}.bin").read_bytes())

    def _put(self, address: str, data: bytes | bytearray) -> None:
        self.chain.node.set_account(Pubkey.from_string(address), Account(10**10, bytes(data), KAMINO))
