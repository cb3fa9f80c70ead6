"""`tradewind route`: the best route over several paths, from a file of pools or from a chain, without a service."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.cli.pools import options as o
from tradewind.cli.pools.asking import RouteAsked, ask
from tradewind.cli.pools.live import LiveChain
from tradewind.cli.pools.plot import save_plot
from tradewind.cli.pools.route_view import route_document, route_shown
from tradewind.cli.pools.source import Asked, read_source

Amount = Annotated[str, typer.Option("--amount", metavar="AMOUNT", help="Pay exactly this (get, with --exact-out).")]
ExactOut = Annotated[bool, typer.Option("--exact-out", help="The amount is what is got, not what is paid.")]
MaxPaths = Annotated[int, typer.Option("--max-paths", help="The most paths, 1 to 16.")]
PathCost = Annotated[str, typer.Option("--path-cost", metavar="AMOUNT", help="What each path beyond the first costs.")]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="TOKEN", help="Never pass through it; repeatable.")
]
Venues = Annotated[
    list[str] | None, typer.Option("--venues", metavar="NAME", help="Only pools of this family; repeatable.")
]
AnyHops = Annotated[bool, typer.Option("--bound-any-hops", help="Also prove the limit over all pools.")]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw the route and its prices as an SVG.")]


def route(
    *,
    token_in: o.TokenIn,
    token_out: o.TokenOut,
    amount: Amount,
    exact_out: ExactOut = False,
    max_hops: o.MaxHops = 3,
    max_paths: MaxPaths = 4,
    hop_cost: o.HopCost = "0",
    path_cost: PathCost = "0",
    exclude: Exclude = None,
    venues: Venues = None,
    bound_any_hops: AnyHops = False,
    plot: Plot = None,
    pools: o.Pools = None,
    written: o.Format = o.PoolFormat.AUTO,
    rpc: o.Rpc = None,
    chain: o.Chain = o.DEFAULT_CHAIN,
    factory: o.Factory = o.DEFAULT_FACTORY,
    multicall: o.Multicall = o.DEFAULT_MULTICALL,
    live_pools: o.LivePools = None,
    via: o.Via = None,
    token: o.TokenGiven = None,
    decimals: o.Decimals = None,
    as_json: JsonFlag = False,
) -> None:
    """The best route for an amount: its paths, their shares, and how close it is to what no route can pass.

    Amounts: a whole number is raw units (1500000), a number with a point is units of the token (1.5). Costs are in what
    is got (in what is paid, with --exact-out).

    Example: tradewind route --pools auction.json --from WETH --to USDC --amount 100.0 --plot route.svg
    """
    live = LiveChain(rpc_url=rpc, chain_id=chain, factory=factory, multicall=multicall) if rpc else None
    named = [("--from", token_in), ("--to", token_out), *(("--via", text) for text in via or ())]
    asked = Asked(
        pools=pools,
        format=written,
        chain=live,
        live_pools=live_pools or (),
        named_tokens=named,
        tokens=token or (),
        decimals=decimals or (),
    )
    source = read_source(asked)
    names = source.names
    ends = names.address("--from", token_in), names.address("--to", token_out)
    exact: Literal["in", "out"] = "out" if exact_out else "in"
    near, far = ends if exact == "in" else ends[::-1]
    question = RouteAsked(
        token_in=ends[0],
        token_out=ends[1],
        amount_raw=names.amount_raw("--amount", amount, near),
        exact=exact,
        max_hops=max_hops,
        max_paths=max_paths,
        hop_cost_raw=names.amount_raw("--hop-cost", hop_cost, far),
        path_cost_raw=names.amount_raw("--path-cost", path_cost, far),
        allowed_venues=venues or None,
        excluded_tokens=[names.address("--exclude", text) for text in exclude or ()],
    )
    output = Output(as_json=as_json)
    found = ask(source, question, any_hops=bound_any_hops)
    if plot is not None:
        save_plot(source, question, found, plot)
        output.progress(f"The picture is {plot}")
    output.emit(route_document(source, found), *route_shown(source, found))
