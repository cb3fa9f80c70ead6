"""A market of real programs in LiteSVM: accounts written by hand, pools read back, swaps sent."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from solders.account import Account
from solders.clock import Clock
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from tradewind import core
from tradewind.localnet.solana.programs import Program

FIXTURES = Path(__file__).parents[1] / "fixtures" / "solana"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
WRAPPED_SOL = "So11111111111111111111111111111111111111112"
SYSTEM = "11111111111111111111111111111111"
AMM_V4 = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
AMM_V4_AUTHORITY = "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"
PUMPSWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
PUMP = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
FEES = "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ"
FEE_CONFIG_BYTES = 4_073
NOW = 1_790_000_000
RENT = 10_000_000
Kind = Literal["in", "out"]


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def derived(program: str, *seeds: bytes) -> str:
    return str(Pubkey.find_program_address(list(seeds), Pubkey.from_string(program))[0])


def raw(address: str) -> bytes:
    return bytes(Pubkey.from_string(address))


def recorded(venue: str) -> dict[str, Any]:
    """What was recorded on the same programs: settings as they stand on mainnet."""
    read: dict[str, Any] = json.loads((FIXTURES / venue / "swaps.json").read_text())
    return read


@dataclass
class Pool:
    """A pool that stands on the chain: its address, the accounts to read with it, and its tokens."""

    address: str
    reads: tuple[str, ...]
    tokens: tuple[str, str]


@dataclass
class Market:
    """LiteSVM with the programs, one trader, and another wallet that pays the transactions' fees."""

    programs: dict[Program, bytes]
    svm: LiteSVM = field(default_factory=LiteSVM)
    trader: Keypair = field(default_factory=lambda: Keypair.from_seed(bytes([7] * 32)))
    payer: Keypair = field(default_factory=lambda: Keypair.from_seed(bytes([8] * 32)))
    graph: core.PoolGraph = field(default_factory=core.PoolGraph)
    kept_by: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for program, code in self.programs.items():
            self.svm.add_program(program.address, code)
        self.svm.set_clock(Clock(1_000, 0, 2, 2, NOW))
        self.put(self.wallet, b"", SYSTEM, 10**15)
        self.put(str(self.payer.pubkey()), b"", SYSTEM, 10**12)
        self.mint(WRAPPED_SOL, 0, 9)

    @property
    def wallet(self) -> str:
        return str(self.trader.pubkey())

    def put(self, address: str, data: bytes, owner: str, lamports: int = RENT) -> None:
        account = Account(lamports, data, Pubkey.from_string(owner))
        self.svm.set_account(Pubkey.from_string(address), account)

    def data(self, address: str) -> bytes:
        account = self.svm.get_account(Pubkey.from_string(address))
        assert account is not None, address
        return bytes(account.data)

    def lamports(self, address: str) -> int:
        return self.svm.get_balance(Pubkey.from_string(address)) or 0

    def mint(self, address: str, supply: int, decimals: int, program: str = TOKEN) -> None:
        self.kept_by[address] = program
        self.put(address, bytes(36) + u64(supply) + bytes([decimals, 1]) + bytes(36), program)

    def token_account(self, address: str, mint: str, owner: str, amount: int) -> None:
        native = (1).to_bytes(4, "little") + u64(2_039_280) if mint == WRAPPED_SOL else bytes(12)
        data = raw(mint) + raw(owner) + u64(amount) + bytes(36) + b"\x01" + native + bytes(44)
        self.put(address, data, self.kept_by[mint], 2_039_280 + (amount if mint == WRAPPED_SOL else 0))

    def wallet_account(self, mint: str, owner: str | None = None) -> str:
        return core.token_account_address(owner or self.wallet, mint, self.kept_by[mint])

    def fund(self, mint: str, amount: int) -> None:
        self.token_account(self.wallet_account(mint), mint, self.wallet, amount)

    def held(self, account: str) -> int:
        return int.from_bytes(self.data(account)[64:72], "little")

    def read(self, pool: Pool) -> core.SwapAccounts:
        """The pool as it stands on the chain now, put into the graph."""
        accounts = []
        for address in pool.reads:
            account = self.svm.get_account(Pubkey.from_string(address))
            if account is not None:
                accounts.append((address, str(account.owner), bytes(account.data)))
        state = core.pool_from_accounts(pool.address, accounts, slot=1_000, epoch=2, unix_timestamp=NOW)
        self.graph.add(state)
        return core.SwapAccounts(self.graph, pool.address, accounts)

    def swap(
        self, pool: Pool, paid: str, exact: Kind, amount: int, limit: int, options: core.VenueOptions | None = None
    ) -> core.SwapInstructions:
        got = pool.tokens[1 - pool.tokens.index(paid)]
        return core.swap_instruction(
            self.graph,
            pool.address,
            self.read(pool),
            trader=self.wallet,
            source=(paid, self.wallet_account(paid), self.kept_by[paid]),
            destination=(got, self.wallet_account(got), self.kept_by[got]),
            exact=exact,
            amount_raw=amount,
            limit_raw=limit,
            options=options,
        )

    def send(self, *instructions: core.SolanaInstruction) -> TransactionMetadata | FailedTransactionMetadata:
        self.svm.expire_blockhash()
        building = core.TransactionBuilder().add_instructions(instructions).set_fee_payer(str(self.payer.pubkey()))
        building.set_compute_budget(unit_limit=400_000, micro_lamports_per_unit=0)
        building.set_recent_blockhash(str(self.svm.latest_blockhash())).size_limit(4_096)
        built = building.build()
        keys = {str(key.pubkey()): key for key in (self.payer, self.trader)}
        wire = built.to_wire([bytes(keys[signer].sign_message(built.message)) for signer in built.signers])
        return self.svm.send_transaction(VersionedTransaction.from_bytes(wire))

    def land(self, *instructions: core.SolanaInstruction) -> TransactionMetadata:
        done = self.send(*instructions)
        assert isinstance(done, TransactionMetadata), done.meta().logs()
        return done


def amm_v4(market: Market, coin: str, pc: str, coin_raw: int, pc_raw: int, owed: tuple[int, int] = (0, 0)) -> Pool:
    """A pool without an order book, with the settings of the SOL/USDC pool."""
    info = recorded("raydium_amm_v4")
    address, data = info["pool"], bytearray(base64.b64decode(info["pool_data"]))
    vaults = [market.wallet_account(mint, AMM_V4_AUTHORITY) for mint in (coin, pc)]
    data[0:8] = u64(6)
    data[192:208] = u64(owed[0]) + u64(owed[1])
    data[336:400] = raw(vaults[0]) + raw(vaults[1])
    data[400:464] = raw(coin) + raw(pc)
    market.put(address, bytes(data), AMM_V4)
    for vault, mint, amount in zip(vaults, (coin, pc), (coin_raw, pc_raw), strict=True):
        market.token_account(vault, mint, AMM_V4_AUTHORITY, amount)
    return Pool(address, (address, *vaults), (coin, pc))


def settings(market: Market, venue: str, field_name: str, program: str, seed: bytes) -> tuple[str, str]:
    """The program's settings and its fees, as recorded."""
    info = recorded(venue)
    config = derived(program, seed)
    market.put(config, base64.b64decode(info[field_name]), program)
    fees = derived(FEES, b"fee_config", raw(program))
    market.put(fees, base64.b64decode(info["fee_config_data"]).ljust(FEE_CONFIG_BYTES, b"\0"), FEES)
    volume = derived(program, b"global_volume_accumulator")
    market.put(volume, bytes.fromhex("ca2af62b8ebe1eff") + bytes(8 + 8 + 8 + 32 + 240 + 240), program)
    return config, fees


@dataclass
class PumpswapSettings:
    """How a PumpSwap pool is made."""

    base_raw: int = 206_900_000_000_000
    quote_raw: int = 84_990_359_056
    virtual_raw: int = 0
    creator: bool = True
    mayhem: bool = False
    canonical: bool = True
    recipients_have_accounts: bool = True


def pumpswap(market: Market, mint: str, made: PumpswapSettings) -> Pool:
    """A pool of a coin against SOL, with the fee recipients' accounts that every trade pays."""
    config, fees = settings(market, "pumpswap", "global_config_data", PUMPSWAP, b"global_config")
    creator = derived(PUMP, b"pool-authority", raw(mint)) if made.canonical else recorded("pumpswap")["coin_creator"]
    seeds = [b"pool", (0).to_bytes(2, "little"), raw(creator), raw(mint), raw(WRAPPED_SOL)]
    address, bump = Pubkey.find_program_address(seeds, Pubkey.from_string(PUMPSWAP))
    pool = str(address)
    vaults = [market.wallet_account(token, pool) for token in (mint, WRAPPED_SOL)]
    coin_creator = raw(recorded("pumpswap")["coin_creator"]) if made.creator else bytes(32)
    data = b"".join(
        [
            bytes.fromhex("f19a6d0411b16dbc"),
            bytes([bump, 0, 0]),
            raw(creator),
            raw(mint),
            raw(WRAPPED_SOL),
            raw(derived(PUMPSWAP, b"pool_lp_mint", raw(pool))),
            raw(vaults[0]),
            raw(vaults[1]),
            u64(1_000_000),
            coin_creator,
            bytes([made.mayhem, 0]),
            made.virtual_raw.to_bytes(16, "little", signed=True),
            bytes(26),
        ]
    )
    market.put(pool, data, PUMPSWAP)
    market.token_account(vaults[0], mint, pool, made.base_raw)
    market.token_account(vaults[1], WRAPPED_SOL, pool, made.quote_raw)
    settled = market.data(config)
    offset = 385 if made.mayhem else 57
    for place in (offset, 643) if made.recipients_have_accounts else ():
        recipient = str(Pubkey(settled[place : place + 32]))
        market.token_account(market.wallet_account(WRAPPED_SOL, recipient), WRAPPED_SOL, recipient, 0)
    return Pool(pool, (pool, *vaults, mint, WRAPPED_SOL, config, fees), (mint, WRAPPED_SOL))


@dataclass
class CurveSettings:
    """How a bonding curve is made."""

    virtual_base_raw: int = 900_000_000_000_000
    virtual_quote_raw: int = 35_766_666_667
    creator: bool = True
    mayhem: bool = False
    quote: str = WRAPPED_SOL


def curve(market: Market, mint: str, made: CurveSettings) -> Pool:
    """A coin's bonding curve, against native SOL unless another quote token is named."""
    config, fees = settings(market, "pump_curve", "global_data", PUMP, b"global")
    address = derived(PUMP, b"bonding-curve", raw(mint))
    real_base = made.virtual_base_raw - 279_900_000_000_000
    real_quote = made.virtual_quote_raw - 30_000_000_000
    creator = raw(recorded("pump_curve")["creator"]) if made.creator else bytes(32)
    numbers = (made.virtual_base_raw, made.virtual_quote_raw, real_base, real_quote, 10**15)
    data = bytes.fromhex("17b7f83760d8ac60") + b"".join(u64(number) for number in numbers) + b"\0" + creator
    quoted = bytes(32) if made.quote == WRAPPED_SOL else raw(made.quote)
    data += bytes([made.mayhem, 0]) + quoted + bytes(51)
    market.put(address, data, PUMP, real_quote + RENT)
    market.token_account(market.wallet_account(mint, address), mint, address, real_base + 206_900_000_000_000)
    settled = market.data(config)
    for place in (41, 483, 741):
        market.put(str(Pubkey(settled[place : place + 32])), b"", SYSTEM)
    market.put(derived(PUMP, b"creator-vault", creator), b"", SYSTEM)
    if made.quote != WRAPPED_SOL:
        market.token_account(market.wallet_account(made.quote, address), made.quote, address, real_quote)
        buyback = str(Pubkey(settled[741:773]))
        market.token_account(market.wallet_account(made.quote, buyback), made.quote, buyback, 0)
    return Pool(address, (address, mint, config, fees, made.quote), (mint, made.quote))
