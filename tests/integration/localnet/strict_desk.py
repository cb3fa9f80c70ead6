"""The chain with a strict endpoint in front of it, and what each behaviour of the catalogue is expected to do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tests.integration.localnet.strict_asking import Said, ask, signed
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import CATALOGUE, Behaviour, StrictRpc

SEND = "eth_sendRawTransaction"


@dataclass(frozen=True, slots=True)
class Desk:
    """The chain itself, and a strict endpoint in front of it."""

    chain: EvmLocalnet
    strict: StrictRpc

    async def said(self, method: str, *params: Any) -> Said:
        return await ask(self.strict.url, method, *params)

    async def told(self, method: str, *params: Any) -> Any:
        """What the endpoint answers."""
        return (await self.said(method, *params)).result

    async def true(self, method: str, *params: Any) -> Any:
        """What the chain answers."""
        return await self.chain.rpc.call(method, *params)

    async def sent(self) -> str:
        """The hash of a transaction that is included."""
        raw, tx_hash = signed()
        await self.true("eth_sendRawTransactionSync", raw)
        return tx_hash

    async def swapped(self) -> str:
        """The hash of a swap that is included."""
        swap = await self.chain.swap_as_market(at.WETH.address, at.USDC.address, 500, 10**15)
        return swap.transaction_hash

    async def trader_nonce(self) -> int:
        return int(await self.true("eth_getTransactionCount", at.TRADER, "pending"), 16)


Expectation = Callable[[Desk], Awaitable[None]]


class Expectations:
    """What the behaviours of one kind are expected to do; every one of the catalogue's must have its own."""

    def __init__(self, kind: ModuleType) -> None:
        self.catalogue = [behaviour for behaviour in CATALOGUE if behaviour.__module__ == kind.__name__]
        self._by_class: dict[type[Behaviour], tuple[Behaviour, Expectation]] = {}

    def of(self, behaviour: Behaviour) -> Callable[[Expectation], Expectation]:
        """Register what this behaviour is expected to do."""

        def register(expectation: Expectation) -> Expectation:
            self._by_class[type(behaviour)] = (behaviour, expectation)
            return expectation

        return register

    async def hold(self, desk: Desk, kind: type[Behaviour]) -> None:
        """The behaviour does what is expected while it is in force, and nothing afterwards."""
        behaviour, expectation = self._by_class[kind]
        rule = desk.strict.misbehave(behaviour)
        await expectation(desk)
        assert rule.struck > 0
        desk.strict.behave()
        assert await desk.told("eth_chainId") == "0xa4b1"
        assert await desk.told("eth_blockNumber") == await desk.true("eth_blockNumber")
