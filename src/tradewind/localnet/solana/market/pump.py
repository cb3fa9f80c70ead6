"""The pump programs' accounts: settings, fee recipients, a PumpSwap pool and a fresh bonding curve.

Source of the layouts: the IDLs of pump, pump_amm and pump_fees. Pool: creator@11, mints@43 and @75, LP mint@107,
vaults@139 and @171, LP supply@203, coin creator@211. BondingCurve: virtual token and quote reserves@8, real ones@24,
supply@40, creator@49, initial virtual quote@142. FeeConfig must have its full size and the bump of its own address.
"""

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from solders.account import Account
from solders.pubkey import Pubkey

from tradewind.localnet.solana.market.keys import address
from tradewind.localnet.solana.market.tokens import WSOL, Token, write_associated
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.programs import PUMP, PUMP_AMM, PUMP_FEES
from tradewind.localnet.solana.token_accounts import (
    MINT_BYTES,
    TOKEN_PROGRAM,
    associated_token_address,
    encode_mint,
)

FEE_CONFIG_BYTES = 4073
POOL_BYTES = 287
CURVE_BYTES = 166
VOLUME_BYTES = 544
POOL_DISCRIMINATOR = bytes.fromhex("f19a6d0411b16dbc")
CURVE_DISCRIMINATOR = bytes.fromhex("17b7f83760d8ac60")
VOLUME_DISCRIMINATOR = bytes([202, 42, 246, 43, 142, 190, 30, 255])
RECIPIENT_LAMPORTS = 1_000_000_000
# A coin of 10^15 units begins with these on a curve that is quoted in SOL.
VIRTUAL_TOKENS_RAW = 1_073_000_000_000_000
VIRTUAL_SOL_LAMPORTS = 30_000_000_000
CURVE_TOKENS_RAW = 793_100_000_000_000
CREATOR = address("coin creator")


@cache
def _settings() -> dict[str, bytes]:
    document = json.loads((Path(__file__).parent / "pump_settings.json").read_text())
    return {name: base64.b64decode(text) for name, text in document.items() if name != "provenance"}


def _derived(program: Pubkey, *seeds: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address(list(seeds), program)


def write_settings(node: SolanaNode) -> list[Pubkey]:
    """Both programs' settings and all fee recipients with their accounts; the addresses that a swap may name."""
    amm, curve = _settings()["pump_amm_global_config"], _settings()["pump_global"]
    written = [
        _write(node, _derived(PUMP_AMM.address, b"global_config")[0], amm, PUMP_AMM.address),
        _write(node, _derived(PUMP.address, b"global")[0], curve, PUMP.address),
        *(_write_fee_config(node, program) for program in (PUMP_AMM.address, PUMP.address)),
        *(_write_volume(node, program) for program in (PUMP_AMM.address, PUMP.address)),
    ]
    protocol, buyback = _keys(amm, 57), _keys(amm, 643)
    curve_protocol = [Pubkey.from_bytes(curve[41:73]), *_keys(curve, 162, count=7)]
    for key in dict.fromkeys([*protocol, *buyback, *curve_protocol, *_keys(curve, 741), CREATOR]):
        node.set_account(key, Account(RECIPIENT_LAMPORTS, b"", Pubkey.default()))
        write_associated(node, WSOL, key, 0)
    creator_vault = _derived(PUMP_AMM.address, b"creator_vault", bytes(CREATOR))[0]
    creator_ata = write_associated(node, WSOL, creator_vault, 0)
    curve_creator_vault = _derived(PUMP.address, b"creator-vault", bytes(CREATOR))[0]
    node.set_account(curve_creator_vault, Account(RECIPIENT_LAMPORTS, b"", Pubkey.default()))
    first = [protocol[0], buyback[0]]
    return [
        *written,
        *first,
        *(associated_token_address(key, WSOL.mint) for key in first),
        creator_vault,
        creator_ata,
        curve_creator_vault,
        _derived(PUMP_AMM.address, b"__event_authority")[0],
        _derived(PUMP.address, b"__event_authority")[0],
    ]


@dataclass(frozen=True, slots=True)
class PumpSwapPool:
    """A coin's own pool against wrapped SOL, and what its vaults hold at the start, in base units."""

    base: Token
    base_raw: int
    quote_lamports: int

    @property
    def name(self) -> str:
        """Like `WIND/SOL`."""
        return f"{self.base.symbol}/{WSOL.symbol}"

    @property
    def address(self) -> Pubkey:
        """The pool's account: what the programs derive for a coin that has left its curve."""
        return self._derived[0]

    @property
    def lp_mint(self) -> Pubkey:
        """The mint of shares in the pool."""
        return _derived(PUMP_AMM.address, b"pool_lp_mint", bytes(self.address))[0]

    @property
    def vaults(self) -> tuple[Pubkey, Pubkey]:
        """The vaults of the coin and of wrapped SOL."""
        mints = (self.base.mint, WSOL.mint)
        return associated_token_address(self.address, mints[0]), associated_token_address(self.address, mints[1])

    def write(self, node: SolanaNode) -> list[Pubkey]:
        """Put it on the chain; the addresses that a swap names."""
        vaults = (
            write_associated(node, self.base, self.address, self.base_raw),
            write_associated(node, WSOL, self.address, self.quote_lamports),
        )
        lp_supply_raw = 10**12
        lp_mint = encode_mint(authority=self.address, supply_raw=lp_supply_raw, decimals=9)
        node.set_account(self.lp_mint, Account(node.rent_exempt_lamports(MINT_BYTES), lp_mint, TOKEN_PROGRAM))
        data = (
            POOL_DISCRIMINATOR
            + bytes([self._derived[1], 0, 0])
            + b"".join(bytes(key) for key in (self._creator, self.base.mint, WSOL.mint, self.lp_mint, *vaults))
            + lp_supply_raw.to_bytes(8, "little")
            + bytes(CREATOR)
        )
        _write(node, self.address, data.ljust(POOL_BYTES, b"\0"), PUMP_AMM.address)
        return [self.address, *vaults, _derived(PUMP_AMM.address, b"pool-v2", bytes(self.base.mint))[0]]

    @property
    def _creator(self) -> Pubkey:
        return _derived(PUMP.address, b"pool-authority", bytes(self.base.mint))[0]

    @property
    def _derived(self) -> tuple[Pubkey, int]:
        seeds = (b"pool", b"\0\0", bytes(self._creator), bytes(self.base.mint), bytes(WSOL.mint))
        return _derived(PUMP_AMM.address, *seeds)


@dataclass(frozen=True, slots=True)
class FreshCurve:
    """A coin that nobody has bought yet."""

    coin: Token

    @property
    def address(self) -> Pubkey:
        """The curve's account."""
        return _derived(PUMP.address, b"bonding-curve", bytes(self.coin.mint))[0]

    def write(self, node: SolanaNode) -> list[Pubkey]:
        """Put it on the chain, with all of the coin's supply; the addresses that a trade names."""
        numbers = (
            VIRTUAL_TOKENS_RAW,
            VIRTUAL_SOL_LAMPORTS,
            CURVE_TOKENS_RAW,
            0,
            self.coin.supply_raw,
        )
        data = bytearray(CURVE_BYTES)
        data[:8] = CURVE_DISCRIMINATOR
        for index, number in enumerate(numbers):
            data[8 + 8 * index : 16 + 8 * index] = number.to_bytes(8, "little")
        data[49:81] = bytes(CREATOR)
        data[142:150] = VIRTUAL_SOL_LAMPORTS.to_bytes(8, "little")
        _write(node, self.address, bytes(data), PUMP.address)
        vault = write_associated(node, self.coin, self.address, self.coin.supply_raw)
        beside = _derived(PUMP.address, b"bonding-curve-v2", bytes(self.coin.mint))[0]
        return [self.address, vault, beside, self.coin.mint]


def _write(node: SolanaNode, where: Pubkey, data: bytes, owner: Pubkey) -> Pubkey:
    node.set_account(where, Account(node.rent_exempt_lamports(len(data)), data, owner))
    return where


def _write_fee_config(node: SolanaNode, program: Pubkey) -> Pubkey:
    where, bump = _derived(PUMP_FEES.address, b"fee_config", bytes(program))
    data = bytearray(_settings()["fee_config"].ljust(FEE_CONFIG_BYTES, b"\0"))
    data[8] = bump
    return _write(node, where, bytes(data), PUMP_FEES.address)


def _write_volume(node: SolanaNode, program: Pubkey) -> Pubkey:
    # Rewards that ended before they began: trades are counted, nothing is paid out.
    where = _derived(program, b"global_volume_accumulator")[0]
    times = bytes(16) + (86_400).to_bytes(8, "little")
    return _write(node, where, (VOLUME_DISCRIMINATOR + times).ljust(VOLUME_BYTES, b"\0"), program)


def _keys(data: bytes, at: int, *, count: int = 8) -> list[Pubkey]:
    return [Pubkey.from_bytes(data[at + 32 * index : at + 32 * (index + 1)]) for index in range(count)]
