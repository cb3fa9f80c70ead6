"""A refusal of the core in the words of the command line: the option that is wrong, or what cannot be had."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tradewind import core
from tradewind.cli.pools.tokens import TokenNames, wrong
from tradewind.errors import Refused

# What was understood, and is not to be had from these pools.
_NOT_TO_BE_HAD = {
    "no_route": "Allow more hops or pools, or exclude fewer tokens.",
    "insufficient_liquidity": "Ask for another amount, or give more pools.",
    "amount_too_small": "Ask for more.",
    "swap_refused": "Ask for another amount.",
    "swaps_disabled": "Use another pool.",
}
# The argument that a refusal is about, where its text does not begin with one.
_ABOUT = {"same_token": "token_out", "unknown_pool": "pool"}
_REMEDIES = {
    "unknown_token": "Write a token that a pool trades.",
    "unknown_pool": "Write the address of one of the pools.",
    "token_not_in_pool": "Write a token that the pool trades.",
    "token_needed": "The pool has more than two tokens: name both.",
    "amount_zero": "Write an amount above zero.",
}
# The core knows raw units alone: the amount that was asked for, and what a pool takes and gives before it is empty.
_GIVEN = re.compile(r"(?<=can fill )\d+|^\d+(?= is so little)|(?<=would refuse )\d+")
_MOST = re.compile(r"(?<=can take at most )(\d+) for (\d+)")


def in_units(names: TokenNames, given: str, token_in: str, token_out: str) -> Callable[[str], str]:
    """Says the amounts of a refusal as people write them; `given` is the token whose amount was asked for."""

    def said(fault: str) -> str:
        fault = _GIVEN.sub(lambda raw: names.amount(int(raw[0]), given), fault)
        return _MOST.sub(
            lambda raw: f"{names.amount(int(raw[1]), token_in)} for {names.amount(int(raw[2]), token_out)}", fault
        )

    return said


@contextmanager
def in_words_of(options: Mapping[str, str], amounts: Callable[[str], str] = str) -> Iterator[None]:
    """Raises what the core refuses under the option (by its argument) that it is about, its amounts said anew."""
    try:
        yield
    except core.CoreError as error:
        said = str(error)
        field, _, fault = said.partition(": ")
        if error.code in _NOT_TO_BE_HAD:
            raise Refused(error.code, f"{amounts(_plain(said, options))}.", remedy=_NOT_TO_BE_HAD[error.code]) from None
        option = options.get(field) or options.get(_ABOUT.get(error.code, ""), "input")
        fault = fault if field in options else said
        remedy = "" if ";" in fault else _REMEDIES.get(error.code, "")
        raise wrong(option, error.code, f"{fault}. {remedy}".rstrip()) from None


def _plain(said: str, options: Mapping[str, str]) -> str:
    field, _, fault = said.partition(": ")
    return fault if field in options and fault else said
