"""What is wrong between settings that are each right."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from tradewind.domain.address import is_evm_address
from tradewind.domain.amount import MAX_RAW, to_raw
from tradewind.errors import Fault, InvalidInput
from tradewind.settings.evm import ChainSettings
from tradewind.settings.solana import SolanaSettings

if TYPE_CHECKING:
    from tradewind.settings.service import Settings


def contradictions(settings: "Settings") -> Iterator[Fault]:
    """Each with the key that is to be changed."""
    try:
        settings.token_list()
    except InvalidInput as error:
        yield from error.faults
    if not settings.every_chain():
        yield Fault("chains", "field_missing", "names no chain. Add a [chains.<id>] table, or [solana].")
    for chain_id, chain in settings.every_chain().items():
        table = "solana" if isinstance(chain, SolanaSettings) else f"chains.{chain_id}"
        yield from _strange_addresses(table, chain)
        if chain.wrapped_native not in {token.symbol for token in chain.tokens}:
            field = f"{table}.wrapped_native"
            listed = ", ".join(token.symbol for token in chain.tokens)
            yield Fault(
                field, "token_not_listed", f"{chain.wrapped_native} is not among the tokens ({listed}). List it."
            )
        yield from _strange_stables(table, chain)
        if chain.quorum is not None and chain.quorum > len(chain.rpc_urls):
            message = f"is {chain.quorum}, and there are {len(chain.rpc_urls)} rpc_urls. Lower it, or add endpoints."
            yield Fault(f"{table}.quorum", "quorum_above_endpoints", message)
    if settings.solana is not None:
        yield from _missing_lane(settings.solana)
        yield from _crossed_prices(settings.solana)
    owners: dict[UUID, str] = {}
    for name, strategy in settings.strategies.items():
        first = owners.setdefault(strategy.id, name)
        if first != name:
            field = f"strategies.{name}.id"
            yield Fault(field, "strategy_id_twice", f"is also the id of '{first}'. Give each strategy its own.")
        yield from _wrong_limits(settings, f"strategies.{name}.max_amount", strategy.max_amount)
        yield from _wrong_limits(settings, f"strategies.{name}.min_slice", strategy.min_slice)


def _missing_lane(solana: SolanaSettings) -> Iterator[Fault]:
    if solana.lane == "jito" and solana.jito is None:
        yield Fault("solana.lane", "lane_missing", "is jito, and there is no [solana.jito]. Add it, or choose another.")
    if solana.lane == "tpu" and not solana.tpu:
        yield Fault("solana.lane", "lane_missing", "is tpu, and tpu is off. Set tpu = true, or choose another.")


def _crossed_prices(solana: SolanaSettings) -> Iterator[Fault]:
    most = solana.max_compute_unit_price_micro_lamports
    if most is not None and most < solana.compute_unit_price_micro_lamports:
        yield Fault(
            "solana.max_compute_unit_price_micro_lamports",
            "bounds_crossed",
            f"is {most}, below compute_unit_price_micro_lamports ({solana.compute_unit_price_micro_lamports}). "
            "Raise it, or lower the other.",
        )


def _strange_addresses(table: str, chain: ChainSettings | SolanaSettings) -> Iterator[Fault]:
    of_evm = isinstance(chain, ChainSettings)
    for place, token in enumerate(chain.tokens):
        if is_evm_address(token.address) is not of_evm:
            kind = "an EVM chain" if of_evm else "Solana"
            yield Fault(
                f"{table}.tokens.{place}.address", "address_malformed", f"{token.address} is no address on {kind}."
            )


def _strange_stables(table: str, chain: ChainSettings | SolanaSettings) -> Iterator[Fault]:
    listed = [token.symbol for token in chain.tokens]
    for symbol in chain.stable_symbols:
        if symbol not in listed:
            field = f"{table}.stable_symbols"
            yield Fault(field, "token_not_listed", f"{symbol} is not among the tokens ({', '.join(listed)}). List it.")


def _wrong_limits(settings: "Settings", section: str, limits: Mapping[str, Decimal]) -> Iterator[Fault]:
    for symbol, limit in limits.items():
        field = f"{section}.{symbol}"
        tokens = [t for chain in settings.every_chain().values() for t in chain.tokens if t.symbol == symbol]
        if not tokens:
            yield Fault(field, "token_not_listed", f"{symbol} is a token of no chain. List it, or remove the limit.")
        for token in tokens:
            try:
                fits = to_raw(limit, token.decimals) <= MAX_RAW
            except ValueError:
                yield Fault(
                    field, "amount_too_precise", f"has more decimals than {symbol}, which has {token.decimals}."
                )
            else:
                if not fits:
                    yield Fault(field, "amount_too_large", "does not fit in 256 bits.")
