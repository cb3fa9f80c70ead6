"""The options by which these commands are told their pools and tokens."""

from enum import StrEnum
from typing import Annotated

import typer

from tradewind.localnet import addresses


class PoolFormat(StrEnum):
    """How a pool file is written."""

    AUTO = "auto"
    POOLS = "pools"
    COW = "cow"


_POOLS = "Where the pools come from"
_TOKENS = "How tokens are written"

Pools = Annotated[
    str | None,
    typer.Option(
        "--pools", metavar="FILE", help="A file of pools (docs/pool-formats.md); - reads stdin.", rich_help_panel=_POOLS
    ),
]
Format = Annotated[
    PoolFormat,
    typer.Option("--format", help="`cow` is an auction file of CoW Protocol; `auto` looks.", rich_help_panel=_POOLS),
]
Rpc = Annotated[
    str | None,
    typer.Option("--rpc", metavar="URL", help="Read Uniswap V3 pools from this chain instead.", rich_help_panel=_POOLS),
]
Chain = Annotated[
    int, typer.Option("--chain", metavar="ID", help="The chain that --rpc must be.", rich_help_panel=_POOLS)
]
Factory = Annotated[
    str, typer.Option("--factory", metavar="ADDRESS", help="Whose pools --rpc reads.", rich_help_panel=_POOLS)
]
Multicall = Annotated[
    str, typer.Option("--multicall", metavar="ADDRESS", help="Multicall3 of that chain.", rich_help_panel=_POOLS)
]
LivePools = Annotated[
    list[str] | None,
    typer.Option(
        "--pool",
        metavar="ADDRESS",
        help="With --rpc: read this pool; repeatable. Without it: every pool between the tokens that are named.",
        rich_help_panel=_POOLS,
    ),
]
Via = Annotated[
    list[str] | None,
    typer.Option(
        "--via", metavar="TOKEN", help="With --rpc: also read the pools of this token.", rich_help_panel=_POOLS
    ),
]
TokenGiven = Annotated[
    list[str] | None,
    typer.Option(
        "--token",
        metavar="SYMBOL=ADDRESS:DECIMALS",
        help="Give a token a symbol and its decimals; repeatable.",
        rich_help_panel=_TOKENS,
    ),
]
Decimals = Annotated[
    list[str] | None,
    typer.Option(
        "--decimals", metavar="TOKEN=DECIMALS", help="The decimals of a token; repeatable.", rich_help_panel=_TOKENS
    ),
]
TokenIn = Annotated[str, typer.Option("--from", metavar="TOKEN", help="What is paid: an address, or a known symbol.")]
TokenOut = Annotated[str, typer.Option("--to", metavar="TOKEN", help="What is got.")]
MaxHops = Annotated[int, typer.Option("--max-hops", help="The most pools of a path, 1 to 4.")]
HopCost = Annotated[str, typer.Option("--hop-cost", metavar="AMOUNT", help="What executing one hop costs.")]

AMOUNTS = "Amounts: a whole number is raw units (1500000), a number with a point is units of the token (1.5)."
DEFAULT_CHAIN = addresses.CHAIN_ID
DEFAULT_FACTORY = addresses.UNISWAP_V3_FACTORY
DEFAULT_MULTICALL = addresses.MULTICALL3
