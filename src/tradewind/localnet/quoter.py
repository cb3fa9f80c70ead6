"""The real QuoterV2 contract, asked in Python: what a swap would give or cost now, without doing it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.localnet.abi import decode_array, decode_words, encode_call
from tradewind.localnet.addresses import QUOTER_V2
from tradewind.localnet.rpc import JsonRpc


@dataclass(frozen=True, slots=True)
class Quote:
    """QuoterV2's answer.

    `amount_raw` is what comes out for an exact input, or must go in for an exact output. The lists have one entry
    per hop, in the order in which the contract swaps (exact output: the last hop first). `ticks_crossed` is the
    contract's own count, which rounds negative ticks towards zero and can therefore be one off.
    """

    amount_raw: int
    sqrt_prices_after_x96: tuple[int, ...]
    ticks_crossed: tuple[int, ...]
    gas_estimate: int


class Quoter:
    """Quotes at the latest block. A pool that does not exist, or holds too little, raises RpcError.

    An exact input larger than the pool can take is answered with a partial quote, as by the contract itself.
    """

    def __init__(self, rpc: JsonRpc) -> None:
        self._rpc = rpc

    async def quote_exact_input_single(
        self, token_in: str, token_out: str, fee_pips: int, amount_in_raw: int, sqrt_price_limit_x96: int = 0
    ) -> Quote:
        """What `amount_in_raw` gives in one pool."""
        signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
        return await self._single(signature, token_in, token_out, amount_in_raw, fee_pips, sqrt_price_limit_x96)

    async def quote_exact_output_single(
        self, token_in: str, token_out: str, fee_pips: int, amount_out_raw: int, sqrt_price_limit_x96: int = 0
    ) -> Quote:
        """What `amount_out_raw` costs in one pool."""
        signature = "quoteExactOutputSingle((address,address,uint256,uint24,uint160))"
        return await self._single(signature, token_in, token_out, amount_out_raw, fee_pips, sqrt_price_limit_x96)

    async def quote_exact_input(self, tokens: Sequence[str], fees_pips: Sequence[int], amount_in_raw: int) -> Quote:
        """What `amount_in_raw` of the first token gives of the last, over the pools between neighbours."""
        path = encode_path(tokens, fees_pips)
        return await self._path("quoteExactInput(bytes,uint256)", path, amount_in_raw)

    async def quote_exact_output(self, tokens: Sequence[str], fees_pips: Sequence[int], amount_out_raw: int) -> Quote:
        """What `amount_out_raw` of the last token costs of the first; tokens in the order of the trade."""
        path = encode_path(tokens[::-1], fees_pips[::-1])
        return await self._path("quoteExactOutput(bytes,uint256)", path, amount_out_raw)

    async def _single(self, signature: str, *arguments: int | str) -> Quote:
        words = decode_words(await self._rpc.eth_call(QUOTER_V2, encode_call(signature, *arguments)))
        return Quote(words[0], (words[1],), (words[2],), words[3])

    async def _path(self, signature: str, path: bytes, amount_raw: int) -> Quote:
        words = decode_words(await self._rpc.eth_call(QUOTER_V2, encode_call(signature, path, amount_raw)))
        return Quote(words[0], tuple(decode_array(words, 1)), tuple(decode_array(words, 2)), words[3])


def encode_path(tokens: Sequence[str], fees_pips: Sequence[int]) -> bytes:
    """Uniswap V3's path: token (20 bytes), fee (3 bytes), token, ...; one fee fewer than tokens."""
    path = bytes.fromhex(tokens[0][2:])
    for token, fee in zip(tokens[1:], fees_pips, strict=True):
        path += fee.to_bytes(3, "big") + bytes.fromhex(token[2:])
    return path
