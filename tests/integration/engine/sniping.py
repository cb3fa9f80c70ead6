"""A sniper on a local Solana, and somebody who makes coins and pools by the real programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from solders.transaction import VersionedTransaction

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import ROOT, EngineProcess
from tests.integration.engine.trading import configuration
from tests.integration.localnet_solana.swapping import (
    PUMP,
    PUMP_AMM,
    TOKEN,
    WSOL,
    amm_v4_swap,
    associated,
    create_associated,
    derived,
    pump_create,
    pump_curve_buy_exact_in,
    pumpswap_buy_exact_in,
    pumpswap_create_pool,
    pumpswap_sell,
    token_call,
)
from tradewind.localnet.solana.configuration import STRATEGY_ID, signer_toml
from tradewind.localnet.solana.description import DescribedPool, SolanaLocalnetDescription
from tradewind.localnet.solana.market.raydium_amm_v4 import AmmV4Pool
from tradewind.localnet.solana.market.tokens import WSOL as WRAPPED
from tradewind.localnet.solana.market.tokens import Token, write_associated
from tradewind.localnet.solana.token_accounts import (
    MINT_BYTES,
    TOKEN_2022_PROGRAM,
    associated_token_address,
    encode_token_account,
)

AMOUNT_LAMPORTS = 100_000_000
EMPTY_ACCOUNT_LAMPORTS = 890_880
SUPPLY_RAW = 10**15
IN_POOL_RAW, IN_POOL_LAMPORTS = 200_000_000 * 10**6, 50 * 10**9
# Whoever makes a coin draws its mint's key.
COINS = [Keypair.from_seed(bytes([number]) * 32) for number in range(201, 208)]


def sniping_toml(chain: SolanaLocalnetDescription, *, wallet: str) -> str:
    """The signer's configuration of the market, which lists no coin, with the section that the documentation gives."""
    documented = (ROOT / "docs" / "engine.md").read_text().partition("**Trading live**")[2]
    section = documented.partition("```toml\n")[2].partition("```")[0]
    written = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
    assert written in section
    return signer_toml(chain, wallet=wallet) + "\n" + section.replace(written, wallet)


def sniper(desk: SolanaDeployment, tmp_path: Path, *, feed: str = "websocket", **parameters: Any) -> EngineProcess:
    config = configuration(desk, [], folder=tmp_path / "sniper-1")
    config |= {
        "strategy": "sniper",
        "instance": "sniper-1",
        "feeds": {"kind": feed},
        "parameters": {
            "strategy_id": str(STRATEGY_ID),
            "lookup_tables": [desk.chain.description.lookup_table],
            "base": str(WSOL),
            "venues": ["pump_curve"],
            "amount_in_raw": str(AMOUNT_LAMPORTS),
            "budget_raw": str(AMOUNT_LAMPORTS),
            "at_end": "sell",
            "take_profit_bps": "500",
            "max_age_slots": "100000",
        }
        | parameters,
    }
    if feed == "yellowstone":
        config["chain"]["yellowstone"] = desk.chain.description.urls["yellowstone"]
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


def send(desk: SolanaDeployment, instructions: Sequence[Instruction], *signers: Keypair) -> None:
    node = desk.chain.node
    message = MessageV0.try_compile(signers[0].pubkey(), list(instructions), [], node.latest_blockhash().blockhash)
    submission = node.submit(bytes(VersionedTransaction(message, list(signers))), lane="rpc")
    assert submission.meta is not None, submission
    assert submission.meta.err is None, submission


def somebody(desk: SolanaDeployment) -> Keypair:
    return desk.chain.wallets["third"]


def wealth(desk: SolanaDeployment) -> int:
    """What the wallet has in SOL, wrapped or not."""
    return desk.account_raw("SOL") + desk.lamports()


def coins_held(desk: SolanaDeployment, coin: Keypair) -> int:
    wallet = Pubkey.from_string(desk.wallet.address)
    account = desk.chain.node.account(associated(wallet, coin.pubkey()), "confirmed")
    return 0 if account is None else int.from_bytes(account.data[64:72], "little")


async def landed(desk: SolanaDeployment) -> list[str]:
    return [entry["signature"] for entry in await desk.landed() if entry["err"] is None]


# Coins on pump's curve


def create(desk: SolanaDeployment, coin: Keypair, *, own_lamports: int = 0) -> str:
    """Somebody makes a coin, and may buy of it in the same transaction; its curve."""
    maker = somebody(desk)
    made = [pump_create(maker.pubkey(), coin.pubkey(), desk.chain.node)]
    bought = buying(desk, coin, own_lamports) if own_lamports else []
    send(desk, [*made, *bought], maker, coin)
    return curve_of(coin).pool


def curve_of(coin: Keypair) -> DescribedPool:
    return described("pump_curve", derived(PUMP, b"bonding-curve", bytes(coin.pubkey())), coin)


def buying(desk: SolanaDeployment, coin: Keypair, lamports: int) -> list[Instruction]:
    maker = somebody(desk).pubkey()
    account = create_associated(maker, maker, coin.pubkey())
    return [account, pump_curve_buy_exact_in(curve_of(coin), maker, lamports, desk.chain.node)]


# Coins with a pool of their own


def mint_coin(
    desk: SolanaDeployment,
    coin: Keypair,
    *,
    program: Pubkey = TOKEN,
    extension: tuple[int, bytes] | None = None,
    freezes: bool = False,
    mints: bool = False,
) -> None:
    """Somebody makes a coin by its token program and keeps all of it; who may freeze it, or make more, says the rest.

    `extension` is one of Token-2022: the bytes that it adds to the mint, and its instruction.
    """
    maker, mint = somebody(desk), coin.pubkey()
    extra_bytes, prepared = extension or (0, b"")
    space = MINT_BYTES if extension is None else 166 + 4 + extra_bytes
    lamports = desk.chain.node.rent_exempt_lamports(space)
    own = associated_token_address(maker.pubkey(), mint, program)
    freezer = b"\1" + bytes(maker.pubkey()) if freezes else b"\0"
    made = [
        create_account(
            CreateAccountParams(
                from_pubkey=maker.pubkey(), to_pubkey=mint, lamports=lamports, space=space, owner=program
            )
        ),
        *([token_call(prepared, [(mint, 1)], program)] if prepared else []),
        token_call(bytes([20, 6]) + bytes(maker.pubkey()) + freezer, [(mint, 1)], program),
        create_associated(maker.pubkey(), maker.pubkey(), mint, program),
        token_call(b"\7" + SUPPLY_RAW.to_bytes(8, "little"), [(mint, 1), (own, 1), (maker.pubkey(), 2)], program),
    ]
    if not mints:
        made.append(token_call(b"\6\0\0", [(mint, 1), (maker.pubkey(), 2)], program))
    send(desk, made, maker, coin)


def open_pumpswap(desk: SolanaDeployment, coin: Keypair) -> DescribedPool:
    """Somebody opens a pool of PumpSwap with a part of the coin."""
    maker = somebody(desk)
    pool, opening = pumpswap_create_pool(maker.pubkey(), coin.pubkey(), IN_POOL_RAW, IN_POOL_LAMPORTS)
    send(desk, [set_compute_unit_limit(400_000), opening], maker)
    return described("pumpswap", pool, coin, vaults=(associated(pool, coin.pubkey()), associated(pool, WSOL)))


def store_pumpswap(desk: SolanaDeployment, coin: Keypair, like: DescribedPool) -> DescribedPool:
    """A pool of PumpSwap for a coin of Token-2022, stored like another one: the program would not make this one."""
    node, mint = desk.chain.node, coin.pubkey()
    pool = derived(PUMP_AMM, b"pool", bytes(2), bytes(somebody(desk).pubkey()), bytes(mint), bytes(WSOL))
    vaults = (associated_token_address(pool, mint, TOKEN_2022_PROGRAM), associated(pool, WSOL))
    known = node.account(Pubkey.from_string(like.pool))
    assert known is not None
    data = known.data[:43] + bytes(mint) + known.data[75:139] + bytes(vaults[0]) + bytes(vaults[1]) + known.data[203:]
    held = encode_token_account(mint=mint, owner=pool, amount_raw=IN_POOL_RAW, native_reserve_lamports=None)
    node.set_account(vaults[0], Account(known.lamports, held, TOKEN_2022_PROGRAM))
    write_associated(node, WRAPPED, pool, IN_POOL_LAMPORTS)
    node.set_account(pool, Account(known.lamports, data, known.owner))
    return described("pumpswap", pool, coin, vaults=vaults)


def freeze(desk: SolanaDeployment, coin: Keypair, owner: Pubkey) -> None:
    """An owner's account of a coin, frozen."""
    held = encode_token_account(mint=coin.pubkey(), owner=owner, amount_raw=0, native_reserve_lamports=None)
    account = Account(desk.chain.node.rent_exempt_lamports(len(held)), _frozen(held), TOKEN)
    desk.chain.node.set_account(associated(owner, coin.pubkey()), account)


def _frozen(held: bytes) -> bytes:
    return held[:108] + b"\2" + held[109:]


def open_amm_v4(desk: SolanaDeployment, coin: Keypair, *, frozen: bool = False) -> DescribedPool:
    """A pool of Raydium as its program stores it: to make one, it wants a market of an order book that nobody uses."""
    token = Token(str(coin.pubkey())[:8], coin.pubkey(), 6, SUPPLY_RAW)
    pool, node = AmmV4Pool(token, WRAPPED, IN_POOL_RAW, IN_POOL_LAMPORTS), desk.chain.node
    pool.write(node)
    if frozen:
        vault = node.account(pool.coin_vault)
        assert vault is not None
        node.set_account(pool.coin_vault, Account(vault.lamports, _frozen(vault.data), vault.owner))
    return described("raydium_amm_v4", pool.address, coin, vaults=(pool.coin_vault, pool.pc_vault))


def described(venue: str, pool: Pubkey, coin: Keypair, *, vaults: tuple[Pubkey, Pubkey] | None = None) -> DescribedPool:
    return DescribedPool(
        venue=venue,
        name="coin",
        pool=str(pool),
        base_mint=str(coin.pubkey()),
        quote_mint=str(WSOL),
        base_vault=str(vaults[0]) if vaults else str(associated(pool, coin.pubkey())),
        quote_vault=str(vaults[1]) if vaults else None,
    )


def raise_price(desk: SolanaDeployment, pool: DescribedPool, lamports: int = 10 * 10**9) -> None:
    """Somebody buys the coin."""
    maker, node = somebody(desk), desk.chain.node
    if pool.venue == "pumpswap":
        bought = [pumpswap_buy_exact_in(pool, maker.pubkey(), lamports, 1, node)]
    elif pool.venue == "raydium_amm_v4":
        bought = [amm_v4_swap(pool, maker.pubkey(), WSOL, lamports, 1)]
    else:
        bought = [pump_curve_buy_exact_in(pool, maker.pubkey(), lamports, node)]
    account = create_associated(maker.pubkey(), maker.pubkey(), Pubkey.from_string(pool.base_mint))
    send(desk, [set_compute_unit_limit(400_000), account, *bought], maker)


def lower_price(desk: SolanaDeployment, pool: DescribedPool) -> None:
    """Somebody sells as many coins as are in the pool."""
    maker, coin = somebody(desk).pubkey(), Pubkey.from_string(pool.base_mint)
    if pool.venue == "pumpswap":
        sold = pumpswap_sell(pool, maker, IN_POOL_RAW, 1, desk.chain.node)
    else:
        sold = amm_v4_swap(pool, maker, coin, IN_POOL_RAW, 1)
    send(desk, [set_compute_unit_limit(400_000), sold], somebody(desk))
