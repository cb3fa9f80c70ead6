"""What is measured, against closed forms and against the logs of the real programs."""

from decimal import Decimal, getcontext
from fractions import Fraction

import pytest

from tests.unit.commander.rules.rule_files import PUMP
from tests.unit.commander.strategy_files import PUMPSWAP
from tradewind.commander.rules.launches import LaunchWindow, launches_in
from tradewind.commander.rules.prices import PriceWindow, spread_ppm

S = 10**9
HOOK = "Hook111111111111111111111111111111111111111"
CREATED = [
    f"Program {PUMP} invoke [1]",
    "Program log: Instruction: Create",
    "Program 11111111111111111111111111111111 invoke [2]",
    "Program 11111111111111111111111111111111 success",
    "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA invoke [2]",
    "Program log: Instruction: InitializeMint2",
    "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA success",
    f"Program {PUMP} success",
]


def filled(prices: list[Fraction], *, every_s: int = 1, window_s: int = 10) -> PriceWindow:
    window = PriceWindow(window_ms=window_s * 1_000, fresh_within_ms=2_000)
    for number, price in enumerate(prices):
        window.saw(price, at_ns=number * every_s * S)
    return window


def test_a_price_that_doubles_and_comes_back_has_the_volatility_of_two_steps_of_ln_2() -> None:
    window = filled([Fraction(1)] * 4 + [Fraction(2)] + [Fraction(1)] * 7)
    # √2 · ln 2 = 0.980258143…
    assert window.volatility(now_ns=11 * S).value == 980_258


@pytest.mark.parametrize("ppm", [1, 500, 20_000])
def test_steps_of_equal_size_add_up_by_the_square_root(ppm: int) -> None:
    step = Fraction(1_000_000 + ppm, 1_000_000)
    window = filled([step ** (number % 2) for number in range(11)])
    getcontext().prec = 50
    expected = Decimal(10).sqrt() * (Decimal(1_000_000 + ppm) / 1_000_000).ln() * 1_000_000
    assert window.volatility(now_ns=10 * S).value == int(expected)


def test_a_price_that_stands_still_has_none() -> None:
    assert filled([Fraction(7, 3)] * 11).volatility(now_ns=10 * S).value == 0


def test_only_moves_within_the_window_count() -> None:
    window = filled([Fraction(1), Fraction(5)] + [Fraction(5)] * 12)
    assert window.volatility(now_ns=13 * S).value == 0


def test_it_is_unknown_before_a_whole_window_was_seen_after_a_gap_and_when_the_price_is_old() -> None:
    window = filled([Fraction(1)] * 10)
    assert window.volatility(now_ns=9 * S).because == "has seen 9 s of its 10 s"
    window.saw(Fraction(1), at_ns=10 * S)
    assert window.volatility(now_ns=10 * S).value == 0
    assert window.volatility(now_ns=13 * S).because == "no fresh price for 3 s"
    window.saw(Fraction(9), at_ns=13 * S)
    # What happened in the gap is not known.
    assert window.volatility(now_ns=13 * S).because == "has seen 0 s of its 10 s"
    assert PriceWindow(1_000, 1_000).volatility(now_ns=5).because == "no price was seen yet"


def test_a_window_of_a_day_keeps_a_bounded_number_of_samples() -> None:
    window = PriceWindow(window_ms=86_400_000, fresh_within_ms=60_000)
    for second in range(0, 90_000, 10):
        window.saw(Fraction(1 + second % 2, 1), at_ns=second * S)
    assert window.volatility(now_ns=89_990 * S).value == 0
    assert len(window._samples) <= 1_002


def test_the_spread_is_how_far_the_dearer_lies_above_the_cheaper() -> None:
    assert spread_ppm(Fraction(100), Fraction(101)) == spread_ppm(Fraction(101), Fraction(100)) == 10_000
    assert spread_ppm(Fraction(3, 7), Fraction(3, 7)) == 0
    assert spread_ppm(Fraction(1, 3), Fraction(1, 2)) == 500_000


def test_a_launch_is_what_the_program_itself_says() -> None:
    assert launches_in(CREATED, PUMP, ("Create",)) == 1
    # A buy is none, and another program's word of the same name is none.
    assert launches_in([line.replace("Create", "Buy") for line in CREATED], PUMP, ("Create",)) == 0
    assert launches_in([line.replace(PUMP, PUMPSWAP) for line in CREATED], PUMP, ("Create",)) == 0
    called = [line.replace(PUMP, PUMPSWAP).replace("[2]", "[3]").replace("[1]", "[2]") for line in CREATED]
    assert launches_in([CREATED[0], *called, CREATED[-1]], PUMP, ("Create",)) == 0
    assert launches_in([*CREATED, *CREATED], PUMP, ("Create",)) == 2
    caller = [f"Program {PUMPSWAP} invoke [1]", *(line.replace("[1]", "[2]") for line in CREATED[:2])]
    assert launches_in(caller, PUMP, ("Create",)) == 1


@pytest.mark.parametrize(
    "said", ["success", f"Program {PUMP} invoke [1]", "invoke [3]", f"{PUMP} success", f"Program {HOOK} success", ""]
)
def test_a_program_that_is_called_cannot_speak_for_its_caller(said: str) -> None:
    # A transfer hook logs what the runtime would, and then what pump would.
    hook = [
        f"Program {PUMP} invoke [1]",
        "Program log: Instruction: Sell",
        f"Program {HOOK} invoke [2]",
        f"Program log: {said}",
        "Program log: Instruction: Create",
        f"Program data: {said}",
        "Program log: Instruction: Create",
    ]
    assert launches_in(hook, PUMP, ("Create",)) == 0
    assert launches_in([*hook, f"Program {HOOK} success", *CREATED[1:]], PUMP, ("Create",)) == 1


def test_lines_that_do_not_fit_together_are_believed_no_further() -> None:
    torn = [CREATED[0], f"Program {HOOK} success", *CREATED[1:]]
    assert launches_in(torn, PUMP, ("Create",)) == 0
    assert launches_in([f"Program {PUMP} invoke [2]", *CREATED[1:]], PUMP, ("Create",)) == 0


def test_the_rate_is_launches_a_minute_and_unknown_without_a_whole_window() -> None:
    window = LaunchWindow(PUMP, (), window_s=30, fresh_within_ms=5_000)
    assert window.rate(now_ns=0).because == "the logs of its program are not heard"
    window.connected(now_ns=0)
    for second in range(31):
        window.heard(now_ns=second * S)
        if second in {1, 2, 3, 29}:
            window.logs(CREATED, now_ns=second * S)
    assert window.rate(now_ns=29 * S).because == "has heard 29 s of its 30 s"
    assert window.rate(now_ns=30 * S).value == 8
    assert window.rate(now_ns=32 * S).value == 4
    assert window.rate(now_ns=36 * S).because == "the chain was not heard for 6 s"
    window.lost()
    assert window.rate(now_ns=36 * S).value is None
    window.connected(now_ns=37 * S)
    assert window.rate(now_ns=38 * S).because == "has heard 1 s of its 30 s"
