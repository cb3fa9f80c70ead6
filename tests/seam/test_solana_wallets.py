"""Wallets, tips and limits of Solana through the module: exact integers, and refusals by name."""

import pytest

from tradewind.core import (
    CircuitBreaker,
    CoreError,
    RateLimiter,
    TipFloor,
    TipPolicy,
    WalletManager,
    WalletRequirement,
    WalletStats,
)

ANN = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"
BOB = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SOL = 1_000_000_000


def manager() -> WalletManager:
    wallets = WalletManager([ANN, BOB])
    for wallet in (ANN, BOB):
        wallets.observe_lamports(wallet, SOL, 10)
        wallets.observe_tokens(wallet, USDC, 5_000_000, 10)
    return wallets


def stats(given: WalletStats) -> tuple[int, ...]:
    return (given.total, given.healthy, given.low_balance, given.high_in_flight, given.errored)


def test_a_reservation_names_its_wallet_and_what_it_holds() -> None:
    wallets = manager()
    need = WalletRequirement(lamports=SOL // 2, tokens={USDC: 4_000_000})
    reservation = wallets.reserve(need)
    assert (reservation.wallet, reservation.requirement) == (ANN, need)
    assert (need.lamports, need.tokens) == (SOL // 2, {USDC: 4_000_000})
    ann, bob = wallets.states()
    assert (ann.reserved_lamports, ann.reserved_tokens, ann.in_flight) == (SOL // 2, {USDC: 4_000_000}, 1)
    assert (bob.lamports, bob.tokens, bob.faults) == (SOL, {USDC: 5_000_000}, [])
    assert wallets.reserve(need).wallet == BOB
    with pytest.raises(CoreError) as refused:
        wallets.reserve(need)
    assert refused.value.code == "wallets_exhausted"


def test_what_was_settled_or_released_cannot_be_again() -> None:
    wallets = manager()
    reservation = wallets.reserve(WalletRequirement(lamports=1))
    wallets.settle(reservation, slot=11, succeeded=True)
    with pytest.raises(CoreError) as settled:
        wallets.settle(reservation, slot=11, succeeded=True)
    with pytest.raises(CoreError) as released:
        wallets.release(reservation)
    assert settled.value.code == released.value.code == "reservation_unknown"


def test_low_wallets_are_reported_and_counted() -> None:
    wallets = manager()
    wallets.observe_lamports(BOB, SOL // 10 - 1, 11)
    assert stats(wallets.stats()) == (2, 1, 1, 0, 0)
    (low,) = wallets.low_wallets()
    assert (low.wallet, low.faults, low.slot) == (BOB, ["low_balance"], 11)
    with pytest.raises(CoreError) as refused:
        wallets.reserve(WalletRequirement(), wallet=BOB)
    assert refused.value.code == "no_healthy_wallet"


@pytest.mark.parametrize(
    ("wallets", "code"), [([], "no_wallets"), ([ANN, ANN], "wallet_twice"), (["x"], "wallet_malformed")]
)
def test_wallets_that_cannot_be_are_refused(wallets: list[str], code: str) -> None:
    with pytest.raises(CoreError) as refused:
        WalletManager(wallets)
    assert refused.value.code == code


@pytest.mark.parametrize("amount", [1.0, True, "1"])
def test_only_an_integer_is_an_amount(amount: object) -> None:
    with pytest.raises(CoreError) as refused:
        WalletRequirement(lamports=amount)  # type: ignore[arg-type]
    assert refused.value.code == "integer_required"
    with pytest.raises(CoreError) as negative:
        WalletRequirement(lamports=-1)
    assert negative.value.code == "integer_out_of_range"


def test_the_tip_follows_the_percentile_between_its_bounds() -> None:
    floor = TipFloor(p25_lamports=1, p50_lamports=2, p75_lamports=20_000, p95_lamports=4, p99_lamports=5)
    policy = TipPolicy(cap_lamports=24_000)
    tips = [policy.tip_lamports(profit_lamports=SOL, attempt=attempt, tip_floor=floor) for attempt in range(3)]
    assert tips == [20_000, 24_000, 24_000]
    assert policy.tip_lamports(profit_lamports=30_000, tip_floor=floor) == 15_000
    assert policy.tip_lamports(profit_lamports=1_999) is None
    assert TipPolicy.tip_account(8) == TipPolicy.tip_account(0) != TipPolicy.tip_account(1)
    with pytest.raises(CoreError) as refused:
        TipPolicy(percentile=50, share_ppm=1_000_001)
    assert refused.value.code == "tip_policy_malformed"
    with pytest.raises(CoreError) as malformed:
        TipFloor.parse("{}")
    assert malformed.value.code == "tip_floor_malformed"


def test_a_circuit_and_a_bucket_go_by_the_callers_clock() -> None:
    circuit = CircuitBreaker(failures_to_open=1, open_ms=10)
    circuit.failed(0)
    assert [circuit.state(9), circuit.state(10)] == ["open", "half_open"]
    assert [circuit.allow(9), circuit.allow(10), circuit.allow(10)] == [False, True, False]
    circuit.succeeded()
    assert circuit.state(11) == "closed"
    bucket = RateLimiter(requests_per_second=2, burst=1)
    assert [bucket.take(0), bucket.take(0), bucket.take(500)] == [0, 500, 0]
    bucket.rest(500, 2_000)
    assert bucket.take(1_000) == 1_500
