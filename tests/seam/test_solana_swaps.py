"""Swap instructions executed by the real programs of AMM v4, PumpSwap and pump: what moves is what was quoted."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from solders.pubkey import Pubkey
from solders.transaction_metadata import FailedTransactionMetadata

from tests.seam.solana_market import (
    PUMPSWAP,
    SYSTEM,
    TOKEN_2022,
    WRAPPED_SOL,
    CurveSettings,
    Kind,
    Market,
    Pool,
    PumpswapSettings,
    amm_v4,
    curve,
    derived,
    pumpswap,
)
from tradewind import core
from tradewind.localnet.solana.programs import Program, ensure_programs

COIN = str(Pubkey(bytes([9] * 32)))
RICH_RAW = 10**16
SLIPPAGE_PUMPSWAP = "6004"
SLIPPAGE_AMM_V4 = "30"
ROUNDS = 12

Make = Callable[[Market], Pool]

POOLS: list[tuple[str, str, tuple[str, ...], Make]] = [
    ("amm_v4", "raydium_amm_v4", ("v1", "v2"), lambda on: amm_v4(on, COIN, WRAPPED_SOL, 10**13, 10**12)),
    ("amm_v4_owing", "raydium_amm_v4", ("v1", "v2"), lambda on: amm_v4(on, COIN, WRAPPED_SOL, 10**9, 10**9, (7, 9))),
    ("graduate", "pumpswap", ("v1", "v2"), lambda on: pumpswap(on, COIN, PumpswapSettings())),
    ("virtual", "pumpswap", ("v1", "v2"), lambda on: pumpswap(on, COIN, PumpswapSettings(virtual_raw=-(10**9)))),
    ("flat_fees", "pumpswap", ("v1", "v2"), lambda on: pumpswap(on, COIN, PumpswapSettings(canonical=False))),
    ("no_creator", "pumpswap", ("v1", "v2"), lambda on: pumpswap(on, COIN, PumpswapSettings(creator=False))),
    ("mayhem", "pumpswap", ("v1", "v2"), lambda on: pumpswap(on, COIN, PumpswapSettings(mayhem=True))),
    ("curve", "pump_curve", ("v1", "v2", "v3"), lambda on: curve(on, COIN, CurveSettings())),
    ("curve_no_creator", "pump_curve", ("v1", "v2", "v3"), lambda on: curve(on, COIN, CurveSettings(creator=False))),
    ("curve_mayhem", "pump_curve", ("v1", "v2", "v3"), lambda on: curve(on, COIN, CurveSettings(mayhem=True))),
]
NEW_COIN = str(Pubkey(bytes([10] * 32)))
DOLLAR = str(Pubkey(bytes([11] * 32)))
NEW_COINS: list[tuple[str, str, tuple[str, ...], Make]] = [
    ("new_graduate", "pumpswap", ("v1", "v2"), lambda on: pumpswap(on, NEW_COIN, PumpswapSettings())),
    ("new_curve", "pump_curve", ("v1", "v2", "v3"), lambda on: curve(on, NEW_COIN, CurveSettings())),
    ("dollar_curve", "pump_curve", ("v2", "v3"), lambda on: curve(on, COIN, CurveSettings(quote=DOLLAR))),
]
POOLS += NEW_COINS
CASES = [pytest.param(venue, form, make, id=f"{name}-{form}") for name, venue, forms, make in POOLS for form in forms]


@pytest.fixture(scope="session")
def programs() -> dict[Program, bytes]:
    return ensure_programs()


@pytest.fixture
def market(programs: dict[Program, bytes]) -> Market:
    made = Market(programs)
    made.mint(COIN, 10**15, 6)
    # As pump makes its coins now.
    made.mint(NEW_COIN, 10**15, 6, TOKEN_2022)
    made.mint(DOLLAR, 10**15, 6)
    for mint in (COIN, NEW_COIN, DOLLAR, WRAPPED_SOL):
        made.fund(mint, 10**13 if mint == WRAPPED_SOL else RICH_RAW)
    return made


def form_of(**chosen: Any) -> core.VenueOptions:
    return core.VenueOptions(**chosen)


def held(market: Market, mint: str, native: bool) -> int:
    """What the trader has of a token; on a SOL curve that is lamports."""
    return market.lamports(market.wallet) if native else market.held(market.wallet_account(mint))


def wishes(random: Random, pool: Pool, venue: str) -> Iterator[tuple[str, Kind, int]]:
    """Swaps both ways and of both kinds, over many sizes."""
    coin, sol = pool.tokens
    for _ in range(ROUNDS):
        paid = random.choice((coin, sol))
        sells_to_pump = paid == coin and venue != "raydium_amm_v4"
        exact: Kind = "in" if sells_to_pump else random.choice(("in", "out"))
        counted = paid if exact == "in" else pool.tokens[1 - pool.tokens.index(paid)]
        most = 8 if venue == "raydium_amm_v4" else 12 if counted == coin else 9
        yield paid, exact, int(10 ** random.uniform(3, most))


@pytest.mark.parametrize(("venue", "form", "make"), CASES)
def test_what_moves_is_what_was_quoted(market: Market, venue: str, form: str, make: Make) -> None:
    pool, random = make(market), Random(f"{venue} {form}")
    options = form_of(**{venue: form})
    landed = 0
    for paid, exact, amount in wishes(random, pool, venue):
        # Pump's buys refuse a least output of zero; a sale may be worth nothing.
        limit = 10**13 if exact == "out" else int(paid == pool.tokens[1])
        try:
            swap = market.swap(pool, paid, exact, amount, limit, options)
        except core.CoreError as refusal:
            if refusal.code != "swap_refused":
                raise
            continue
        got = pool.tokens[1 - pool.tokens.index(paid)]
        natives = [swap.moves_native_sol and mint == WRAPPED_SOL for mint in (paid, got)]
        created = [key for key, _ in swap.may_create if not market.lamports(key)]
        before = [held(market, mint, native) for mint, native in zip((paid, got), natives, strict=True)]
        lamports = market.lamports(market.wallet)
        done = market.land(*swap.instructions)
        rent = sum(rent for key, rent in swap.may_create if key in created and market.lamports(key))
        after = [held(market, mint, native) for mint, native in zip((paid, got), natives, strict=True)]
        moved = [before[0] - after[0] - rent * natives[0], after[1] - before[1] + rent * natives[1]]
        assert moved == [swap.quoted_in_raw, swap.quoted_out_raw], (paid, exact, amount)
        if not any(natives):
            assert lamports - market.lamports(market.wallet) == rent
        assert done.compute_units_consumed() - 300 <= swap.compute_units
        landed += 1
    assert landed >= ROUNDS // 2


@pytest.mark.parametrize(("venue", "form", "make"), CASES)
@pytest.mark.parametrize("exact", ["in", "out"])
def test_a_limit_that_the_quote_misses_by_one_reverts(
    market: Market, venue: str, form: str, make: Make, exact: Kind
) -> None:
    pool, options = make(market), form_of(**{venue: form})
    amount = 10**6
    paid = pool.tokens[1]
    quoted = market.swap(pool, paid, exact, amount, 1, options)
    limit = quoted.quoted_out_raw if exact == "in" else quoted.quoted_in_raw
    beyond = limit + 1 if exact == "in" else limit - 1
    refused = market.send(*market.swap(pool, paid, exact, amount, beyond, options).instructions)
    assert isinstance(refused, FailedTransactionMetadata)
    market.land(*market.swap(pool, paid, exact, amount, limit, options).instructions)


@pytest.mark.parametrize("amm_form", ["v1", "v2"])
@pytest.mark.parametrize("pump_form", ["v1", "v2"])
def test_a_circular_trade_lands_with_the_quoted_profit(market: Market, amm_form: str, pump_form: str) -> None:
    first = amm_v4(market, COIN, WRAPPED_SOL, 3 * 10**14, 10**11)
    second = pumpswap(market, COIN, PumpswapSettings(base_raw=2 * 10**14, quote_raw=10**11))
    options = form_of(raydium_amm_v4=amm_form, pumpswap=pump_form)
    spent = 10**9
    buy = market.swap(first, WRAPPED_SOL, "in", spent, 1, options)
    coins = buy.quoted_out_raw
    sell = market.swap(second, COIN, "in", coins, spent, options)
    profit = sell.quoted_out_raw - spent
    assert profit > 0
    before = {mint: held(market, mint, native=False) for mint in (COIN, WRAPPED_SOL)}

    greedy = market.swap(second, COIN, "in", coins, sell.quoted_out_raw + 1, options)
    reverted = market.send(*buy.instructions, *greedy.instructions)
    assert isinstance(reverted, FailedTransactionMetadata)
    assert SLIPPAGE_PUMPSWAP in str(reverted.err()), reverted.err()
    assert {mint: held(market, mint, native=False) for mint in before} == before

    market.land(*buy.instructions, *market.swap(second, COIN, "in", coins, sell.quoted_out_raw, options).instructions)
    assert held(market, COIN, native=False) == before[COIN]
    assert held(market, WRAPPED_SOL, native=False) - before[WRAPPED_SOL] == profit


def test_the_way_back_round_fails_on_amm_v4(market: Market) -> None:
    first = pumpswap(market, COIN, PumpswapSettings(base_raw=3 * 10**14, quote_raw=10**11))
    second = amm_v4(market, COIN, WRAPPED_SOL, 2 * 10**14, 10**11)
    buy = market.swap(first, WRAPPED_SOL, "in", 10**9, 1)
    sell = market.swap(second, COIN, "in", buy.quoted_out_raw, 0)
    greedy = market.swap(second, COIN, "in", buy.quoted_out_raw, sell.quoted_out_raw + 1)
    reverted = market.send(*buy.instructions, *greedy.instructions)
    assert isinstance(reverted, FailedTransactionMetadata)
    assert f"({SLIPPAGE_AMM_V4})" in str(reverted.err()), reverted.err()
    market.land(*buy.instructions, *sell.instructions)


def test_every_listed_recipient_is_taken(market: Market) -> None:
    pool = pumpswap(market, COIN, PumpswapSettings())
    # The program searches the list as one that is sorted, as it is on mainnet.
    address = derived(PUMPSWAP, b"global_config")
    recorded = market.data(address)
    recipients = sorted(recorded[57 + place * 32 :][:32] for place in range(8))
    config = recorded[:57] + b"".join(recipients) + recorded[57 + 8 * 32 :]
    market.put(address, config, PUMPSWAP)
    for place in range(9):
        for offset in (57, 643):
            recipient = str(Pubkey(config[offset + place % 8 * 32 :][:32]))
            market.token_account(market.wallet_account(WRAPPED_SOL, recipient), WRAPPED_SOL, recipient, 0)
        for form in ("v1", "v2"):
            options = form_of(pumpswap=form, fee_recipient=place)
            swap = market.swap(pool, COIN, "in", 10**9, 1, options)
            assert market.wallet_account(WRAPPED_SOL, recipient) in [
                account.key for account in swap.instructions[0].accounts
            ]
            market.land(*swap.instructions)


@pytest.mark.parametrize("paid", [COIN, WRAPPED_SOL])
def test_a_first_trade_pays_the_rent_that_was_told(market: Market, paid: str) -> None:
    pool = pumpswap(market, COIN, PumpswapSettings(recipients_have_accounts=False))
    for told in (True, False):
        swap = market.swap(pool, paid, "in", 10**9, 1, form_of(pumpswap="v1"))
        before = market.lamports(market.wallet)
        market.land(*swap.instructions)
        assert before - market.lamports(market.wallet) == (swap.rent_lamports if told else 0)
        assert all(market.lamports(key) for key, _ in swap.may_create)


def test_a_curve_against_a_token_is_not_traded_by_the_first_form(market: Market) -> None:
    pool = curve(market, COIN, CurveSettings(quote=DOLLAR))
    for paid in pool.tokens:
        assert refusal(lambda paid=paid: market.swap(pool, paid, "in", 10**6, 1)) == "form_unsupported"  # type: ignore[misc]


def test_what_must_exist_must_exist(market: Market) -> None:
    pool = pumpswap(market, COIN, PumpswapSettings())
    swap = market.swap(pool, COIN, "in", 10**9, 1, form_of(pumpswap="v2"))
    for account in swap.must_exist:
        kept = market.svm.get_account(Pubkey.from_string(account))
        assert kept is not None
        market.put(account, b"", SYSTEM, 0)
        assert isinstance(market.send(*swap.instructions), FailedTransactionMetadata), account
        market.svm.set_account(Pubkey.from_string(account), kept)
    market.land(*swap.instructions)


def refusal(make: Callable[[], object]) -> str:
    with pytest.raises(core.CoreError) as raised:
        make()
    code: str = raised.value.code
    return code


def test_what_no_instruction_can_do_is_refused(market: Market) -> None:
    pump, amm = pumpswap(market, COIN, PumpswapSettings()), amm_v4(market, COIN, WRAPPED_SOL, 10**12, 10**12)
    assert refusal(lambda: market.swap(pump, COIN, "out", 10**6, 10**12)) == "exact_out_unsupported"
    assert refusal(lambda: market.swap(pump, WRAPPED_SOL, "in", 10**6, 0)) == "limit_zero"
    assert refusal(lambda: market.swap(amm, COIN, "out", 10**12, 10**13)) == "insufficient_liquidity"
    assert refusal(lambda: market.swap(amm, COIN, "in", 0, 0)) == "amount_zero"
    assert refusal(lambda: core.VenueOptions(pumpswap="v3")) == "form_unknown"  # type: ignore[arg-type]


def test_what_is_not_the_pools_is_refused(market: Market) -> None:
    amm, pump = amm_v4(market, COIN, WRAPPED_SOL, 10**12, 10**12), pumpswap(market, COIN, PumpswapSettings())
    accounts, others = market.read(amm), market.read(pump)

    def swap(with_accounts: core.SwapAccounts, program: str) -> core.SwapInstructions:
        account = market.wallet_account(COIN)
        return core.swap_instruction(
            market.graph,
            amm.address,
            with_accounts,
            trader=market.wallet,
            source=(COIN, account, program),
            destination=(WRAPPED_SOL, market.wallet_account(WRAPPED_SOL), core.JITO_TIP_ACCOUNTS[0]),
            exact="in",
            amount_raw=10**6,
            limit_raw=0,
        )

    assert refusal(lambda: swap(others, TOKEN_2022)) == "swap_accounts_mismatch"
    assert refusal(lambda: swap(accounts, TOKEN_2022)) == "token_program_mismatch"
    assert refusal(lambda: core.SwapAccounts(market.graph, amm.address, [])) == "account_missing"
    stranger = [(amm.address, PUMPSWAP, market.data(amm.address))]
    assert refusal(lambda: core.SwapAccounts(market.graph, amm.address, stranger)) == "account_malformed"
