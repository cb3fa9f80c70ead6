"""Real swaps on the real programs, sent as a client sends them, give to the unit what `tradewind.core` says."""

from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.integration.localnet_solana.asking import PROCESSED, Asking, RpcFailure
from tests.integration.localnet_solana.swapping import (
    WSOL,
    amm_v4_swap,
    associated,
    create_associated,
    graph_of,
    pump_create,
    pump_curve_buy_exact_in,
    pumpswap_buy_exact_in,
    pumpswap_sell,
)
from tradewind.localnet.solana import SolanaLocalnet


async def balance(rpc: Asking, owner: Pubkey, mint: Pubkey | str) -> int:
    where = associated(owner, Pubkey.from_string(str(mint)))
    return int((await rpc.value("getTokenAccountBalance", str(where), PROCESSED))["amount"])


@pytest.mark.parametrize("name", ["SOL/USDC", "TIDE/USDC", "TIDE/SOL", "WIND/SOL"])
@pytest.mark.parametrize("side", ["base_mint", "quote_mint"])
@pytest.mark.parametrize("amount_raw", [1_000, 1_234_567_891])
async def test_a_swap_on_amm_v4_gives_what_was_quoted(
    chain: SolanaLocalnet, rpc: Asking, name: str, side: str, amount_raw: int
) -> None:
    pool, trader = chain.description.pool("raydium_amm_v4", name), chain.wallets["trader"]
    mint_in = Pubkey.from_string(getattr(pool, side))
    mint_out = pool.quote_mint if side == "base_mint" else pool.base_mint
    quote = graph_of(chain).quote_exact_in(pool.pool, str(mint_in), amount_raw)
    before = await balance(rpc, trader.pubkey(), mint_in), await balance(rpc, trader.pubkey(), mint_out)
    swap = amm_v4_swap(pool, trader.pubkey(), mint_in, amount_raw, quote.amount_out_raw)
    await rpc.send(await rpc.signed([swap], trader))
    after = await balance(rpc, trader.pubkey(), mint_in), await balance(rpc, trader.pubkey(), mint_out)
    assert (before[0] - after[0], after[1] - before[1]) == (amount_raw, quote.amount_out_raw)


@pytest.mark.parametrize("amount_raw", [50_000_000, 7_777_777_777_777])
async def test_a_sale_on_pumpswap_gives_what_was_quoted(chain: SolanaLocalnet, rpc: Asking, amount_raw: int) -> None:
    pool, trader = chain.description.pool("pumpswap", "WIND/SOL"), chain.wallets["trader"].pubkey()
    quote = graph_of(chain).quote_exact_in(pool.pool, pool.base_mint, amount_raw)
    before = await balance(rpc, trader, pool.base_mint), await balance(rpc, trader, WSOL)
    sale = pumpswap_sell(pool, trader, amount_raw, quote.amount_out_raw, chain.node)
    await rpc.send(await rpc.signed([sale], chain.wallets["trader"]))
    after = await balance(rpc, trader, pool.base_mint), await balance(rpc, trader, WSOL)
    assert (before[0] - after[0], after[1] - before[1]) == (amount_raw, quote.amount_out_raw)


@pytest.mark.parametrize("lamports", [10_000_000, 33_333_333_333])
async def test_a_purchase_on_pumpswap_gives_what_was_quoted(chain: SolanaLocalnet, rpc: Asking, lamports: int) -> None:
    pool, trader = chain.description.pool("pumpswap", "WIND/SOL"), chain.wallets["trader"].pubkey()
    quote = graph_of(chain).quote_exact_in(pool.pool, str(WSOL), lamports)
    before = await balance(rpc, trader, WSOL), await balance(rpc, trader, pool.base_mint)
    purchase = pumpswap_buy_exact_in(pool, trader, lamports, quote.amount_out_raw, chain.node)
    await rpc.send(await rpc.signed([purchase], chain.wallets["trader"]))
    after = await balance(rpc, trader, WSOL), await balance(rpc, trader, pool.base_mint)
    assert (before[0] - after[0], after[1] - before[1]) == (quote.amount_in_raw, quote.amount_out_raw)


async def test_the_first_purchase_from_the_fresh_curve_gives_what_was_quoted(
    chain: SolanaLocalnet, rpc: Asking
) -> None:
    curve, trader = chain.description.pool("pump_curve", "GALE/SOL"), chain.wallets["trader"]
    coin = Pubkey.from_string(curve.base_mint)
    quote = graph_of(chain).quote_exact_in(curve.pool, str(WSOL), 2_000_000_000)
    calls = [
        create_associated(trader.pubkey(), trader.pubkey(), coin),
        pump_curve_buy_exact_in(curve, trader.pubkey(), 2_000_000_000, chain.node),
    ]
    await rpc.send(await rpc.signed(calls, trader))
    assert await balance(rpc, trader.pubkey(), coin) == quote.amount_out_raw


async def test_a_coin_can_be_created_and_its_curve_begins_like_every_other(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader, coin = chain.wallets["trader"], Keypair()
    await rpc.send(await rpc.signed([pump_create(trader.pubkey(), coin.pubkey(), chain.node)], trader, coin))
    supply = await rpc.value("getTokenSupply", str(coin.pubkey()), PROCESSED)
    assert (supply["amount"], supply["decimals"]) == ("1000000000000000", 6)


async def test_a_circle_over_both_programs_earns_what_the_quotes_promise(chain: SolanaLocalnet, rpc: Asking) -> None:
    dear, cheap = chain.description.pool("raydium_amm_v4", "WIND/SOL"), chain.description.pool("pumpswap", "WIND/SOL")
    trader, graph = chain.wallets["trader"], graph_of(chain)
    bought = graph.quote_exact_in(cheap.pool, str(WSOL), 1_000_000_000)
    sold = graph.quote_exact_in(dear.pool, cheap.base_mint, bought.amount_out_raw)
    profit = sold.amount_out_raw - bought.amount_in_raw
    assert profit > 0
    before = await balance(rpc, trader.pubkey(), WSOL)
    coin = Pubkey.from_string(cheap.base_mint)
    legs = [
        pumpswap_buy_exact_in(cheap, trader.pubkey(), 1_000_000_000, bought.amount_out_raw, chain.node),
        amm_v4_swap(dear, trader.pubkey(), coin, bought.amount_out_raw, sold.amount_out_raw),
    ]
    await rpc.send(await rpc.signed(legs, trader))
    assert await balance(rpc, trader.pubkey(), WSOL) - before == profit


async def test_a_minimum_that_is_missed_is_refused_with_the_programs_own_error_and_moves_nothing(
    chain: SolanaLocalnet, rpc: Asking
) -> None:
    pool, trader = chain.description.pool("raydium_amm_v4", "SOL/USDC"), chain.wallets["trader"]
    quote = graph_of(chain).quote_exact_in(pool.pool, str(WSOL), 10**9)
    swap = amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, quote.amount_out_raw + 1)
    wire = await rpc.signed([swap], trader)
    with pytest.raises(RpcFailure) as refused:
        await rpc.send(wire)
    assert refused.value.code == -32002
    assert refused.value.message == (
        "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1e"
    )
    assert refused.value.data["err"] == {"InstructionError": [0, {"Custom": 30}]}
    assert any("exceeds desired slippage limit" in line for line in refused.value.data["logs"])
    # Without a preflight it lands, fails there, and pays its fee and nothing else.
    lamports = await rpc.value("getBalance", str(trader.pubkey()), PROCESSED)
    tokens = await balance(rpc, trader.pubkey(), WSOL)
    signature = await rpc.send(wire, skipPreflight=True)
    status: Any = await rpc.status(signature)
    assert status["err"] == {"InstructionError": [0, {"Custom": 30}]}
    assert lamports - await rpc.value("getBalance", str(trader.pubkey()), PROCESSED) == 5000
    assert await balance(rpc, trader.pubkey(), WSOL) == tokens
