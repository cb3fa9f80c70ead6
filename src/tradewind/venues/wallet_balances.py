"""Reads what a wallet holds, all of it in the state of one block."""

import asyncio
from collections.abc import Sequence

from tradewind.domain.balances import TokenBalance, WalletBalances
from tradewind.domain.plan import BlockRef
from tradewind.venues import abi
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_questions import hash_at
from tradewind.venues.multicall import Call

_BALANCE_OF = bytes.fromhex("70a08231")
_WORD_BYTES = 32


class ChainBalances:
    """Balances on one chain. Errors are those of EvmChain."""

    def __init__(self, chain: EvmChain, tokens: Sequence[str]) -> None:
        self._chain = chain
        self._tokens = tuple(tokens)

    async def read(self, wallet: str) -> WalletBalances:
        """The native coin and every listed token as of the newest block; a token that does not answer is left out."""
        head = await self._chain.head()
        calls = [Call(token, _BALANCE_OF + abi.address_word(wallet)) for token in self._tokens]
        native_raw, answers = await asyncio.gather(
            self._chain.balance(wallet, head), self._chain.multicall(calls, head)
        )
        held = tuple(
            TokenBalance(token=token, balance_raw=int.from_bytes(answer))
            for token, answer in zip(self._tokens, answers, strict=True)
            # Also an address without code "answers": with nothing.
            if answer is not None and len(answer) == _WORD_BYTES
        )
        return WalletBalances(
            chain_id=self._chain.chain_id, wallet=wallet, block=head, native_raw=native_raw, tokens=held
        )

    async def holds(self, block: BlockRef) -> bool | None:
        """Whether `block` is part of the chain, by a quorum of endpoints; None while there is no block of that number.

        Accounts that begin anew forget what is missing: that is not done on one endpoint's word.
        """
        agreed = await self._chain.rpc.agree(lambda ask: hash_at(ask, block.number), what=f"block {block.number}")
        return None if agreed.answer is None else agreed.answer == block.hash
