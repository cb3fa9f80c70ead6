"""Opens the market on a fresh chain: programs, tokens, wallets, pools, tip accounts, and a table of their addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tradewind.domain.chain import LAMPORTS_PER_SOL
from tradewind.localnet.solana.block_engine.tips import TIP_ACCOUNTS
from tradewind.localnet.solana.lookup_tables import LOOKUP_TABLE_PROGRAM, encode_table
from tradewind.localnet.solana.market import pump, raydium_amm_v4
from tradewind.localnet.solana.market.keys import WALLET_NAMES, address, keypair
from tradewind.localnet.solana.market.pump import FreshCurve, PumpSwapPool
from tradewind.localnet.solana.market.raydium_amm_v4 import AmmV4Pool
from tradewind.localnet.solana.market.tokens import GALE, TIDE, TOKENS, USDC, WIND, WSOL, write_associated, write_mints
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.programs import PROGRAMS, Program
from tradewind.localnet.solana.token_accounts import ASSOCIATED_TOKEN_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM

SOL: Final = LAMPORTS_PER_SOL
WALLET_LAMPORTS = 1_000 * SOL
TIP_ACCOUNT_LAMPORTS = SOL
WALLET_HOLDINGS: Final = {WSOL: 100 * SOL, USDC: 100_000 * 10**6, WIND: 10_000_000 * 10**6, TIDE: 50_000 * 10**9}

# One SOL is 150 USDC, one TIDE is 2 USDC; WIND is 4 % dearer on Raydium than on PumpSwap.
AMM_V4_POOLS: Final = (
    AmmV4Pool(WSOL, USDC, 10_000 * SOL, 1_500_000 * 10**6),
    AmmV4Pool(TIDE, USDC, 1_000_000 * 10**9, 2_000_000 * 10**6),
    AmmV4Pool(TIDE, WSOL, 300_000 * 10**9, 4_000 * SOL),
    AmmV4Pool(WIND, WSOL, 200_000_000 * 10**6, 520 * SOL),
)
PUMPSWAP_POOLS: Final = (PumpSwapPool(WIND, 200_000_000 * 10**6, 500 * SOL),)
CURVES: Final = (FreshCurve(GALE),)

LOOKUP_TABLE: Final = address("lookup table")
_SYSVARS = (
    "SysvarRent111111111111111111111111111111111",
    "Sysvar1nstructions1111111111111111111111111",
)


@dataclass(frozen=True, slots=True)
class Market:
    """What stands on the chain."""

    wallets: Mapping[str, Keypair]
    table_addresses: tuple[Pubkey, ...]


def open_market(node: SolanaNode, programs: Mapping[Program, bytes], *, seed: int = 0) -> Market:
    """Write everything into the current slot."""
    for program, code in programs.items():
        node.add_program(program.address, code)
    write_mints(node)
    wallets = {name: keypair(name, seed) for name in WALLET_NAMES}
    for wallet in wallets.values():
        node.set_account(wallet.pubkey(), Account(WALLET_LAMPORTS, b"", Pubkey.default()))
        for token, amount_raw in WALLET_HOLDINGS.items():
            write_associated(node, token, wallet.pubkey(), amount_raw)
    # Funded: a tip below the rent of an empty account would fail.
    for tip_account in TIP_ACCOUNTS:
        node.set_account(tip_account, Account(TIP_ACCOUNT_LAMPORTS, b"", Pubkey.default()))
    addresses = _write_pools(node)
    _write_table(node, addresses)
    return Market(wallets, tuple(addresses))


def _write_pools(node: SolanaNode) -> list[Pubkey]:
    named: list[Pubkey] = [raydium_amm_v4.AUTHORITY, *pump.write_settings(node)]
    for pool in AMM_V4_POOLS:
        pool.write(node)
        named += [pool.address, pool.coin_vault, pool.pc_vault]
    for venue in (*PUMPSWAP_POOLS, *CURVES):
        named += venue.write(node)
    programs = [program.address for program in PROGRAMS]
    standard = [Pubkey.default(), TOKEN_PROGRAM, TOKEN_2022_PROGRAM, ASSOCIATED_TOKEN_PROGRAM]
    sysvars = [Pubkey.from_string(text) for text in _SYSVARS]
    mints = [token.mint for token in TOKENS]
    return list(dict.fromkeys([*standard, *sysvars, *programs, *mints, *named, *TIP_ACCOUNTS]))


def _write_table(node: SolanaNode, addresses: list[Pubkey]) -> None:
    data = encode_table(node.identity.pubkey(), addresses, extended_slot=node.slot - 1)
    node.set_account(LOOKUP_TABLE, Account(node.rent_exempt_lamports(len(data)), data, LOOKUP_TABLE_PROGRAM))
