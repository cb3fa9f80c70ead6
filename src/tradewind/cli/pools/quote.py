"""`tradewind quote pool`: what one pool would answer, to the last unit, without a service."""

from typing import Annotated

import typer

from tradewind import core
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.cli.pools import options as o
from tradewind.cli.pools.core_fault import in_units, in_words_of
from tradewind.cli.pools.live import LiveChain
from tradewind.cli.pools.quote_view import quote_document, quote_shown
from tradewind.cli.pools.source import Asked, PoolSource, read_source
from tradewind.cli.pools.tokens import checked, wrong

Pool = Annotated[str, typer.Option("--pool", metavar="ADDRESS", help="The pool that is asked.")]
MaybeIn = Annotated[str | None, typer.Option("--from", metavar="TOKEN", help="What is paid; address or symbol.")]
MaybeOut = Annotated[str | None, typer.Option("--to", metavar="TOKEN", help="What is got; of two tokens, one tells.")]
Amount = Annotated[str | None, typer.Option("--amount", metavar="AMOUNT", help="Pay exactly this.")]
AmountOut = Annotated[str | None, typer.Option("--amount-out", metavar="AMOUNT", help="Get exactly this.")]


def pool(
    *,
    pool: Pool,
    token_in: MaybeIn = None,
    token_out: MaybeOut = None,
    amount: Amount = None,
    amount_out: AmountOut = None,
    pools: o.Pools = None,
    written: o.Format = o.PoolFormat.AUTO,
    rpc: o.Rpc = None,
    chain: o.Chain = o.DEFAULT_CHAIN,
    factory: o.Factory = o.DEFAULT_FACTORY,
    multicall: o.Multicall = o.DEFAULT_MULTICALL,
    token: o.TokenGiven = None,
    decimals: o.Decimals = None,
    as_json: JsonFlag = False,
) -> None:
    """What one pool of a file or a chain gives or takes: amounts, fees by kind, price before and after, impact.

    Amounts: a whole number is raw units (1500000), a number with a point is units of the token (1.5).

    Example: tradewind quote pool --pools pools.json --pool 0x0b… --from USDC --amount 1000.0
    """
    if (amount is None) == (amount_out is None):
        raise wrong("--amount", "amount_missing", "say one amount: --amount to pay it, or --amount-out to get it.")
    live = LiveChain(rpc_url=rpc, chain_id=chain, factory=factory, multicall=multicall) if rpc else None
    asked = Asked(
        pools=pools, format=written, chain=live, live_pools=[pool], tokens=token or (), decimals=decimals or ()
    )
    source = read_source(asked)
    quote = _quote(source, checked("--pool", pool), (token_in, token_out), amount, amount_out)
    Output(as_json=as_json).emit(quote_document(source, quote), quote_shown(source, quote))


def _quote(
    source: PoolSource, pool: str, ends: tuple[str | None, str | None], amount: str | None, amount_out: str | None
) -> core.PoolQuote:
    given = (("--from", ends[0]), ("--to", ends[1]))
    token_in, token_out = (source.names.address(option, text) if text else None for option, text in given)
    option, text = ("--amount", amount) if amount is not None else ("--amount-out", amount_out or "")
    words = {"pool": "--pool", "token_in": "--from", "token_out": "--to"}
    with in_words_of(words):
        tokens = source.graph.tokens(pool)
    token_in, token_out = _both(tokens, token_in, token_out)
    sized = token_in if amount is not None else token_out
    raw = source.names.amount_raw(option, text, sized)
    words |= {"amount_in_raw": option, "amount_out_raw": option}
    with in_words_of(words, in_units(source.names, sized, token_in, token_out)):
        if amount is not None:
            return source.graph.quote_exact_in(pool, token_in, raw, token_out=token_out)
        return source.graph.quote_exact_out(pool, token_out, raw, token_in=token_in)


def _both(tokens: list[str], token_in: str | None, token_out: str | None) -> tuple[str, str]:
    """The other token of a pool of two; in a larger one both must be named."""
    if token_in and token_out:
        return token_in, token_out
    known = token_in or token_out
    if known is None:
        raise wrong("--from", "token_missing", "name what is paid with --from, or what is got with --to.")
    others = [token for token in tokens if token.lower() != known.lower()]
    if len(others) != 1:
        missing = "--to" if token_in else "--from"
        traded = ", ".join(tokens)
        message = f"of the pool's tokens ({traded}), {known} does not tell the other one. Name a pair of them."
        raise wrong(missing, "token_needed", message)
    return (known, others[0]) if token_in else (others[0], known)
