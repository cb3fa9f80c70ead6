"""What a person sees when the chain is ready: where to connect, what stands where, who has what, what it costs."""

from collections.abc import Sequence
from decimal import Decimal

from tradewind.localnet import addresses as at
from tradewind.localnet.abi import decode_words, encode_call
from tradewind.localnet.market import Pool
from tradewind.localnet.rpc import Call, JsonRpc

Row = tuple[str, ...]


async def describe(rpc: JsonRpc, pools: Sequence[Pool], *, url: str) -> str:
    """Several lines of plain text; balances and prices as of now. `url` is where to connect."""
    sections: list[tuple[str, Sequence[Row]]] = [
        ("Local EVM chain", [("RPC URL", url), ("Chain id", f"{at.CHAIN_ID} (Arbitrum One's)")]),
        ("Contracts", list(at.CONTRACTS.items())),
        ("Tokens", [(f"{token.symbol} ({token.decimals} decimals)", token.address) for token in at.TOKENS.values()]),
        ("Trader (public test key: never fund it on a real chain)", await _trader(rpc)),
        ("Uniswap V3 pools", await _pools(rpc, pools)),
    ]
    return "\n\n".join(f"{title}\n{_table(rows)}" for title, rows in sections)


async def _trader(rpc: JsonRpc) -> list[Row]:
    wei = int(await rpc.call("eth_getBalance", at.TRADER, "latest"), 16)
    tokens = list(at.TOKENS.values())
    answers = await rpc.batch([_read(token.address, "balanceOf(address)", at.TRADER) for token in tokens])
    holdings = [_amount(wei, 18, "ETH")]
    holdings += [
        _amount(int(answer, 16), token.decimals, token.symbol) for token, answer in zip(tokens, answers, strict=True)
    ]
    return [("Address", at.TRADER), ("Private key", at.TRADER_PRIVATE_KEY), ("Holds", ", ".join(holdings))]


async def _pools(rpc: JsonRpc, pools: Sequence[Pool]) -> list[Row]:
    rows: list[Row] = []
    for pool in pools:
        slot0, *rest = await rpc.batch(
            [
                _read(pool.address, "slot0()"),
                _read(pool.base.address, "balanceOf(address)", pool.address),
                _read(pool.quote.address, "balanceOf(address)", pool.address),
            ]
        )
        base, quote = (int(answer, 16) for answer in rest)
        sqrt_price_x96 = decode_words(bytes.fromhex(slot0[2:]))[0]
        price = (Decimal(sqrt_price_x96) / 2**96) ** 2 * Decimal(10) ** (pool.base.decimals - pool.quote.decimals)
        rows.append(
            (
                f"{pool.base.symbol}/{pool.quote.symbol} {Decimal(pool.fee_pips) / 10_000} %",
                pool.address,
                f"1 {pool.base.symbol} = {price:,.5g} {pool.quote.symbol}",
                f"{_amount(base, pool.base.decimals, pool.base.symbol)} + "
                f"{_amount(quote, pool.quote.decimals, pool.quote.symbol)}",
            )
        )
    return rows


def _read(to: str, signature: str, *arguments: str) -> Call:
    return "eth_call", [{"to": to, "data": encode_call(signature, *arguments)}, "latest"]


def _amount(raw: int, decimals: int, symbol: str) -> str:
    return f"{Decimal(raw).scaleb(-decimals):,.0f} {symbol}"


def _table(rows: Sequence[Row]) -> str:
    columns = max(len(row) for row in rows)
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(columns)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows
    )
