"""A strategy's parameters: what a file says becomes the dataclass, and each mistake has its field and its remedy."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest

from tradewind.strategies.parameters import MistakenParameters, WrongParameter, read_parameters


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True)
class Size:
    most_raw: int
    share: Decimal = Decimal("0.5")


@dataclass(frozen=True)
class Parameters:
    least_raw: int
    word: Literal["fast", "slow"] = "slow"
    side: Side = Side.BUY
    is_dry: bool = False
    name: str | None = None
    sizes: tuple[Size, ...] = ()
    hops: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.least_raw == 13:
            raise WrongParameter("least_raw", "is 13.", "Write another.")
        if self.least_raw == 14:
            raise ValueError("14 is no good")


def test_what_a_file_says_has_the_types_of_the_fields() -> None:
    given = {
        "least_raw": "18446744073709551616",
        "word": "fast",
        "side": "sell",
        "is_dry": True,
        "name": None,
        "sizes": [{"most_raw": 5}, {"most_raw": "6", "share": "0.25"}],
        "hops": ["2", 3],
    }
    read = read_parameters(Parameters, given)
    expected = (Size(5), Size(6, Decimal("0.25")))
    assert read == Parameters(2**64, "fast", Side.SELL, True, None, expected, [2, 3])
    assert read_parameters(Parameters, {"least_raw": 1}) == Parameters(1)


@pytest.mark.parametrize(
    ("given", "place", "code"),
    [
        ({}, "parameters.least_raw", "parameter_missing"),
        ({"least_raw": "1.5"}, "parameters.least_raw", "parameter_type"),
        ({"least_raw": True}, "parameters.least_raw", "parameter_type"),
        ({"least_raw": None}, "parameters.least_raw", "parameter_type"),
        ({"least_raw": 1, "word": "medium"}, "parameters.word", "parameter_type"),
        ({"least_raw": 1, "side": "hold"}, "parameters.side", "parameter_type"),
        ({"least_raw": 1, "is_dry": "yes"}, "parameters.is_dry", "parameter_type"),
        ({"least_raw": 1, "name": 5}, "parameters.name", "parameter_type"),
        ({"least_raw": 1, "sizes": 5}, "parameters.sizes", "parameter_type"),
        ({"least_raw": 1, "sizes": [5]}, "parameters.sizes[0]", "parameter_type"),
        ({"least_raw": 1, "sizes": [{"most_raw": 1}, {}]}, "parameters.sizes[1].most_raw", "parameter_missing"),
        ({"least_raw": 1, "sizes": [{"most_raw": 1, "share": "NaN"}]}, "parameters.sizes[0].share", "parameter_type"),
        ({"least_raw": 1, "speed": 5}, "parameters.speed", "parameter_unknown"),
        ({"least_raw": 13}, "parameters.least_raw", "parameter_refused"),
        ({"least_raw": 14}, "parameters", "parameter_refused"),
    ],
)
def test_each_mistake_has_its_field(given: dict[str, Any], place: str, code: str) -> None:
    with pytest.raises(MistakenParameters) as raised:
        read_parameters(Parameters, given)
    assert [(mistake.field, mistake.code) for mistake in raised.value.mistakes] == [(place, code)]
    assert all(mistake.fault and mistake.remedy for mistake in raised.value.mistakes)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(MistakenParameters) as raised:
        read_parameters(Parameters, {"word": 5, "hops": ["x", 1, "y"]})
    fields = [mistake.field for mistake in raised.value.mistakes]
    assert fields == ["parameters.word", "parameters.hops[0]", "parameters.hops[2]", "parameters.least_raw"]


@dataclass(frozen=True)
class Untyped:
    wallet: int = 1
    rates: dict[str, float] = field(default_factory=dict)


def test_a_name_of_the_engines_and_a_type_that_no_file_gives_are_mistakes_of_the_dataclass() -> None:
    with pytest.raises(MistakenParameters) as raised:
        read_parameters(Untyped, {"rates": {}})
    found = [(mistake.field, mistake.code) for mistake in raised.value.mistakes]
    assert found == [("parameters.wallet", "parameter_taken"), ("parameters.rates", "parameter_untyped")]


def test_a_strategy_without_parameters_takes_none() -> None:
    assert read_parameters(None, {}) is None
    with pytest.raises(MistakenParameters):
        read_parameters(None, {"speed": 5})
