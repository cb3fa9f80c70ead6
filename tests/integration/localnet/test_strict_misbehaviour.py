"""When misbehaviour strikes: item by item, together, one by one; and how an endpoint ends in the midst of it."""

import asyncio
import time

import pytest

from tests.integration.localnet.strict_asking import ask, post, request, signed
from tests.integration.localnet.strict_desk import SEND, Desk
from tradewind.localnet import EvmLocalnet, LocalnetError
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import StrictRpc
from tradewind.localnet.strict.behaviours import accounts, blocks, refusals, shape, transport

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_lie_is_told_to_one_item_of_a_batch_and_the_others_are_true(desk: Desk) -> None:
    desk.strict.misbehave(refusals.RateLimited(), methods={"eth_gasPrice"})
    batch = [request("eth_chainId", number=1), request("eth_gasPrice", number=2), request("eth_accounts", number=3)]
    answers = (await post(desk.strict.url, batch)).document
    assert [answer["id"] for answer in answers] == [1, 2, 3]
    assert (answers[0]["result"], answers[1]["error"]["code"], answers[2]["result"]) == ("0xa4b1", -32005, [])


async def test_behaviours_are_in_force_together_and_stop_one_by_one(desk: Desk) -> None:
    ahead = desk.strict.misbehave(accounts.NonceAhead())
    twice = desk.strict.misbehave(accounts.NonceAhead(by=10))
    desk.strict.misbehave(transport.Delay(seconds=0.05))
    desk.strict.misbehave(shape.StringId(), times=1)
    first = (await desk.said("eth_getTransactionCount", at.TRADER, "latest")).document
    assert (first["id"], first["result"]) == ("1", hex(11))
    twice.stop()
    second = (await desk.said("eth_getTransactionCount", at.TRADER, "latest")).document
    assert (second["id"], second["result"]) == (1, hex(1))
    assert (ahead.struck, twice.struck) == (2, 1)


async def test_a_behaviour_of_one_method_leaves_the_others_alone(desk: Desk) -> None:
    desk.strict.misbehave(transport.ServiceUnavailable(), methods={SEND})
    assert await desk.told("eth_chainId") == "0xa4b1"
    assert (await desk.said(SEND, signed()[0])).status == 503
    with pytest.raises(LocalnetError, match="eth_chainId"):
        desk.strict.misbehave(accounts.NonceAhead(), methods={"eth_chainId"})


async def test_two_endpoints_of_one_chain_can_disagree(desk: Desk) -> None:
    async with StrictRpc(desk.chain.rpc_url) as other:
        other.misbehave(blocks.StaleHead(blocks=3))
        desk.strict.misbehave(blocks.ChangingBlockHash())
        heads = [int((await ask(url, "eth_blockNumber")).result, 16) for url in (desk.strict.url, other.url)]
        assert heads[0] - heads[1] == 3
        number = hex(heads[1])
        hashes = [
            (await ask(url, "eth_getBlockByNumber", number, False)).result["hash"]
            for url in (desk.strict.url, other.url)
        ]
        assert hashes[0] != hashes[1]


async def test_an_endpoint_ends_while_it_misbehaves(chain: EvmLocalnet) -> None:
    for behaviour in (transport.Silence(), transport.Held(), transport.Delay(seconds=60)):
        began = time.monotonic()
        async with StrictRpc(chain.rpc_url) as strict:
            strict.misbehave(behaviour)
            asking = asyncio.create_task(ask(strict.url, "eth_chainId"))
            async with asyncio.timeout(5):
                while not strict.asked:
                    await asyncio.sleep(0.01)
        assert time.monotonic() - began < 5
        await asyncio.gather(asking, return_exceptions=True)
