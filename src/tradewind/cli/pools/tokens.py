"""How tokens and their amounts are written on the command line: by symbol and in units where those are known."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tradewind import core
from tradewind.domain.amount import format_raw, from_raw, to_raw
from tradewind.errors import InvalidInput

_RAW = re.compile(r"[0-9]{1,78}")
_UNITS = re.compile(r"[0-9]{1,78}\.[0-9]{1,78}")
# Nothing that a terminal or a picture would take for markup.
_SYMBOL = re.compile(r"[^=:\s\[\]<>&\\]{1,32}")


@dataclass(frozen=True, slots=True)
class NamedToken:
    """A token, and what is known about it beside its address."""

    address: str
    symbol: str | None = None
    decimals: int | None = None


def wrong(option: str, code: str, message: str) -> InvalidInput:
    """The error for a value of the command line: the option, the fault and the remedy."""
    return InvalidInput.one(option, code, message, what="command line")


class TokenNames:
    """What is known about tokens. Where two share a symbol, only their addresses tell them apart."""

    def __init__(self, tokens: Iterable[NamedToken] = ()) -> None:
        self._tokens: dict[str, NamedToken] = {}
        for token in tokens:
            self.learn(token)

    def learn(self, token: NamedToken) -> None:
        """Adds what is said of a token; what is said later stands."""
        known = self.of(token.address)
        decimals = known.decimals if token.decimals is None else token.decimals
        self._tokens[_key(token.address)] = NamedToken(token.address, token.symbol or known.symbol, decimals)

    def of(self, address: str) -> NamedToken:
        """What is known about it; its address alone when nothing is."""
        return self._tokens.get(_key(address)) or NamedToken(address)

    def address(self, option: str, text: str) -> str:
        """The address of a token that is written as its address or its symbol."""
        if text.startswith("0x"):
            return checked(option, text)
        found = [token for token in self._tokens.values() if token.symbol == text]
        if len(found) == 1:
            return found[0].address
        if found:
            which = ", ".join(sorted(token.address for token in found))
            raise wrong(
                option, "symbol_ambiguous", f"{text} is the symbol of {which}. Write the address that is meant."
            )
        if len(text) < 32:
            remedy = f"Write its address, or name it: --token {text}=ADDRESS:DECIMALS."
            raise wrong(option, "symbol_unknown", f"no token with the symbol {text!r} is known here. {remedy}")
        return text

    def amount_raw(self, option: str, text: str, token: str) -> int:
        """Raw units of an amount: a whole number is raw units, a number with a point is units of the token."""
        if _RAW.fullmatch(text):
            return int(text)
        if not _UNITS.fullmatch(text):
            hint = "Write raw units as a whole number (1500000), or units of the token with a point (1.5)."
            raise wrong(option, "amount_malformed", f"{text!r} is not an amount. {hint}")
        known = self.of(token)
        if known.decimals is None:
            remedy = f"Write raw units as a whole number, or say --decimals {token}=18."
            raise wrong(option, "decimals_unknown", f"the decimals of {self.label(token)} are not known here. {remedy}")
        try:
            return to_raw(Decimal(text), known.decimals)
        except ValueError:
            message = f"{text} has more decimals than {self.label(token)}, which has {known.decimals}. Write fewer."
            raise wrong(option, "amount_too_fine", message) from None

    def label(self, token: str) -> str:
        """Its symbol, or the ends of its address."""
        return self.of(token).symbol or short(token)

    def amount(self, raw: int, token: str) -> str:
        """Such as `1,234.5 WETH`; raw units when the decimals are not known."""
        known = self.of(token)
        if known.decimals is None:
            return f"{raw:,} raw {self.label(token)}"
        return format_raw(raw, known.decimals, self.label(token))

    def document(self, raw: int, token: str) -> dict[str, str | None]:
        """The amount as JSON values, in the shape of the API's amounts."""
        known = self.of(token)
        decimal = None if known.decimals is None else format(from_raw(raw, known.decimals), "f")
        return {"raw": str(raw), "decimal": decimal, "symbol": known.symbol, "token": token}


def told_symbol(text: object) -> str | None:
    """A symbol that a file or a contract tells; None when it could not be written or shown as it is."""
    return text if isinstance(text, str) and _SYMBOL.fullmatch(text) and text.isprintable() else None


def read_given(option: str, text: str) -> NamedToken:
    """`SYMBOL=ADDRESS:DECIMALS`, as of `--token`."""
    symbol, equals, rest = text.partition("=")
    address, colon, decimals = rest.partition(":")
    if not (equals and colon and _SYMBOL.fullmatch(symbol)):
        raise wrong(option, "token_malformed", f"{text!r} names no token. Write SYMBOL=ADDRESS:DECIMALS.")
    return NamedToken(checked(option, address), symbol, _decimals(option, decimals))


def read_decimals(option: str, text: str, names: TokenNames) -> NamedToken:
    """`TOKEN=6`, as of `--decimals`."""
    token, equals, decimals = text.partition("=")
    if not equals:
        raise wrong(option, "decimals_malformed", f"{text!r} is not TOKEN=DECIMALS. Write it as in USDC=6.")
    return NamedToken(names.address(option, token), None, _decimals(option, decimals))


def _decimals(option: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 77:
        raise wrong(option, "decimals_malformed", f"{text!r} are no decimals. Write a whole number from 0 to 77.")
    return int(text)


def checked(option: str, address: str) -> str:
    """The address as the core writes it; one that is no EVM address is left for the core to check."""
    if not address.startswith("0x"):
        return address
    try:
        return core.to_checksum_address(address)
    except core.CoreError as error:
        fault = str(error).removeprefix("address: ")
        raise wrong(
            option, error.code, f"{fault}. Write the whole address, in lower case or with its checksum."
        ) from None


def short(address: str) -> str:
    """The ends of an address, enough for people to tell it from others."""
    return f"{address[:6]}…{address[-4:]}" if len(address) > 12 else address


def _key(address: str) -> str:
    return address.lower() if address.startswith("0x") else address
