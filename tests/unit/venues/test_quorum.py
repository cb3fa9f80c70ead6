"""What several endpoints say, weighed: by value, and through the client."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import faulty_rpc
from tests.fake_clock import FakeClock
from tests.faulty_rpc import CHAIN_ID, Fault, FaultyRpc
from tests.unit.venues.test_evm_chain import ADDRESS, BLOCK, HASH, OTHER, RECEIPT
from tradewind import core
from tradewind.errors import Misconfigured, Unavailable
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.quorum import Agreed, Said, canonical, decide, quorum_of, reached
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_error import RpcError
from tradewind.venues.send_outcome import SendAnswer

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("endpoints", "quorum"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (16, 9)])
def test_more_than_half_must_agree_unless_told_otherwise(endpoints: int, quorum: int) -> None:
    assert quorum_of(None, endpoints) == quorum


@pytest.mark.parametrize("configured", [0, 3, -1])
def test_refuses_a_quorum_that_cannot_be_had(configured: int) -> None:
    with pytest.raises(Misconfigured) as caught:
        quorum_of(configured, 2)
    assert caught.value.code == "quorum_above_endpoints"


def test_the_case_of_hexadecimal_digits_and_the_order_of_keys_mean_nothing() -> None:
    assert canonical({"a": "0xAB", "b": [1]}) == canonical({"b": [1], "a": "0xab"})
    assert canonical("Reason") != canonical("reason")
    assert canonical("0xAB\n") != canonical("0xab\n")


@given(JSON_VALUES, JSON_VALUES)
def test_different_answers_stay_different(one: Any, two: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert same <= (canonical(one) == canonical(two))
    if canonical(one) == canonical(two):
        assert json.dumps(one, sort_keys=True).lower() == json.dumps(two, sort_keys=True).lower()


def votes(*answers: object) -> list[Said[object]]:
    """One endpoint for each answer; an exception is a failure."""
    return [
        Said(f"e{index}", failure=answer) if isinstance(answer, Unavailable) else Said(f"e{index}", answer, answer)
        for index, answer in enumerate(answers)
    ]


DOWN = Unavailable("rpc_timeout", "silence")


@pytest.mark.parametrize(
    ("answers", "quorum", "agreed"),
    [
        ((1, 1), 2, Agreed(1, ("e0", "e1"))),
        ((1, 2), 2, None),
        ((2, 1, 1), 2, Agreed(1, ("e1", "e2"))),
        ((1, DOWN, 1), 2, Agreed(1, ("e0", "e2"))),
        ((1, DOWN), 2, None),
        ((None, None), 2, Agreed(None, ("e0", "e1"))),
        ((None, DOWN), 2, None),
        ((1, 1, 2, 2), 2, None),
        ((1, 2), 1, None),
        ((DOWN, 2), 1, Agreed(2, ("e1",))),
    ],
)
def test_decides_by_what_enough_endpoints_say_alike(answers: Any, quorum: int, agreed: object) -> None:
    assert decide(votes(*answers), quorum) == agreed


@given(st.lists(st.integers(0, 3) | st.just(DOWN), min_size=1, max_size=7))
def test_a_majority_of_honest_endpoints_is_never_overruled(answers: list[Any]) -> None:
    quorum = len(answers) // 2 + 1
    agreed = decide(votes(*answers), quorum)
    most = next((value for value in range(4) if answers.count(value) >= quorum), None)
    assert (agreed.answer if agreed else None) == most


@given(st.lists(st.integers(0, 100), min_size=1, max_size=7))
def test_a_height_counts_when_a_quorum_has_reached_it_and_no_block_more(heights: list[int]) -> None:
    quorum = len(heights) // 2 + 1
    said = [Said(f"e{index}", height, height) for index, height in enumerate(heights)]
    told = reached(said, quorum)
    assert told is not None
    assert sum(height >= told.answer for height in heights) == len(told.endpoints) >= quorum
    assert sum(height > told.answer for height in heights) < quorum


def test_no_height_is_reached_when_too_few_answer() -> None:
    assert reached([Said("e0", 1, 1), Said("e1", failure=DOWN)], 2) is None


def a_client(*endpoints: FaultyRpc, **options: Any) -> RpcClient:
    urls = [endpoint.url for endpoint in endpoints]
    return RpcClient(urls, chain_id=CHAIN_ID, timeout_s=10, clock=FakeClock(), **options)


def a_chain(*endpoints: FaultyRpc, **options: Any) -> EvmChain:
    return EvmChain(a_client(*endpoints, **options), chain_id=CHAIN_ID, multicall=ADDRESS)


def saying(value: object) -> FaultyRpc:
    return FaultyRpc(faulty_rpc.result(value))


async def test_with_one_endpoint_its_answer_is_the_agreement() -> None:
    async with saying("0x1") as one, a_client(one) as client:
        assert await client.agreed("eth_gasPrice") == Agreed("0x1", (one.url,))
        assert (client.quorum, one.asked) == (1, ["eth_gasPrice"])


async def test_asks_no_more_endpoints_than_needed_when_they_agree() -> None:
    async with saying({"a": "0xAB"}) as one, saying({"a": "0xab"}) as two, saying("0x3") as three:
        async with a_client(one, two, three) as client:
            assert (await client.agreed("eth_call")).endpoints == (one.url, two.url)
        assert three.asked == []


async def test_asks_the_others_when_the_first_do_not_agree() -> None:
    async with (
        saying("0x1") as one,
        saying("0x2") as two,
        saying("0x2") as three,
        a_client(one, two, three) as client,
    ):
        assert await client.agreed("eth_call") == Agreed("0x2", (two.url, three.url))


async def test_says_who_said_what_when_endpoints_disagree_and_keeps_it_short() -> None:
    long = "0x" + "ab" * 500
    async with saying("0x1") as one, saying(long) as two, a_client(one, two) as client:
        with pytest.raises(Unavailable) as caught:
            await client.agreed("eth_call")
    assert caught.value.code == "endpoints_disagree"
    assert f'{one.url} says "0x1"' in caught.value.message
    assert two.url in caught.value.message
    assert len(caught.value.message) < 300


async def test_says_that_too_few_answered() -> None:
    async with saying("0x1") as one, FaultyRpc(faulty_rpc.text("no", 503)) as two, a_client(one, two) as client:
        with pytest.raises(Unavailable) as caught:
            await client.agreed("eth_call")
    assert caught.value.code == "quorum_not_reached"
    assert "rpc_http_503" in caught.value.message


async def test_with_one_endpoint_its_own_failure_is_told() -> None:
    async with FaultyRpc(faulty_rpc.error(-32000, "no such block")) as one, a_client(one) as client:
        with pytest.raises(RpcError):
            await client.agreed("eth_call")


async def test_an_error_about_the_question_is_told_and_not_held_against_the_endpoints() -> None:
    refused = faulty_rpc.error(-32000, "header not found")
    async with (
        FaultyRpc(refused, faulty_rpc.result("0x1")) as one,
        FaultyRpc(refused, faulty_rpc.result("0x2")) as two,
        a_client(one, two) as client,
    ):
        with pytest.raises(Unavailable) as caught:
            await client.agreed("eth_getBlockByNumber", ["finalized", False])
        assert caught.value.code == "quorum_not_reached"
        assert not any(seat.standing.rests(FakeClock().now_ns()) for seat in client._pool.seats)
        assert await client.call("eth_gasPrice") == "0x1"


async def test_an_endpoint_of_another_chain_has_no_vote() -> None:
    async with (
        FaultyRpc(faulty_rpc.result("0x1"), chain_id=1) as wrong,
        saying("0x1") as two,
        saying("0x1") as three,
        a_client(wrong, two, three) as client,
    ):
        assert (await client.agreed("eth_call")).endpoints == (two.url, three.url)
    assert wrong.asked == []


def a_node(*, final: int = 16, fork: str = HASH, receipt: object = RECEIPT, nonce: int = 3) -> FaultyRpc:
    """An endpoint with these newest final block, hash of every block, receipt and nonce."""

    def respond(body: Any) -> Any:
        method, params = body["method"], body["params"]
        if method == "eth_getBlockByNumber":
            number = hex(final) if params[0] in ("finalized", "latest") else params[0]
            value: object = BLOCK | {"number": number, "hash": fork, "extra": f"of its own {fork}"}
        else:
            value = {"eth_getTransactionReceipt": receipt, "eth_getTransactionCount": hex(nonce)}[method]
        return faulty_rpc.raw_json({"jsonrpc": "2.0", "id": body["id"], "result": value})(body)

    return FaultyRpc(respond)


async def test_the_finalized_block_is_the_newest_that_a_quorum_has_reached() -> None:
    async with a_node(final=20) as one, a_node(final=16) as two, a_node(final=18) as three:
        chain = a_chain(one, two, three)
        async with chain.rpc:
            header, endpoints = await chain.finalized_header()
    # The two that were asked reach 16; a third is not needed.
    assert (header.ref.number, header.ref.hash) == (16, HASH)
    assert endpoints == (one.url, two.url)


async def test_one_liar_can_neither_raise_the_finalized_block_nor_replace_it() -> None:
    async with a_node(final=10**9, fork=OTHER) as liar, a_node() as two, a_node() as three:
        chain = a_chain(liar, two, three)
        async with chain.rpc:
            header, endpoints = await chain.finalized_header()
    assert (header.ref.number, header.ref.hash) == (16, HASH)
    assert endpoints == (two.url, three.url)


async def test_the_finalized_block_of_a_single_endpoint_takes_one_request() -> None:
    async with a_node() as one:
        chain = a_chain(one)
        async with chain.rpc:
            header, endpoints = await chain.finalized_header()
    assert (header.ref.number, endpoints, one.asked) == (16, (one.url,), ["eth_getBlockByNumber"])


async def test_two_endpoints_with_different_finalized_blocks_prove_nothing() -> None:
    async with a_node() as one, a_node(fork=OTHER) as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            with pytest.raises(Unavailable) as caught:
                await chain.finalized_header()
    assert caught.value.code == "endpoints_disagree"


async def test_a_finalized_nonce_is_as_high_as_a_quorum_says() -> None:
    async with a_node(nonce=9) as liar, a_node(nonce=3) as two, a_node(nonce=4) as three:
        chain = a_chain(liar, two, three, quorum_size=2)
        async with chain.rpc:
            assert await chain.finalized_nonce(ADDRESS) in (3, 4)
            assert await chain.agreed_nonce(ADDRESS) in (3, 4)


async def test_a_receipt_counts_when_a_quorum_has_it_in_its_own_chain() -> None:
    async with a_node(receipt=None) as one, a_node() as two, a_node() as three:
        chain = a_chain(one, two, three)
        async with chain.rpc:
            receipt, endpoints = await chain.agreed_receipt(OTHER)
    assert receipt is not None
    assert (receipt.block.hash, receipt.fee_wei) == (HASH, 189_000)
    assert endpoints == (two.url, three.url)


async def test_a_made_up_receipt_of_one_endpoint_is_no_receipt() -> None:
    forged = {**RECEIPT, "status": "0x0", "logs": []}
    async with a_node(receipt=forged) as liar, a_node(receipt=None) as two, a_node(receipt=None) as three:
        chain = a_chain(liar, two, three)
        async with chain.rpc:
            assert await chain.agreed_receipt(OTHER) == (None, (two.url, three.url))


async def test_a_receipt_of_a_block_that_is_not_in_the_endpoints_own_chain_is_none() -> None:
    async with a_node(fork=OTHER) as one, a_node(fork=OTHER) as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            assert (await chain.agreed_receipt(OTHER))[0] is None


async def test_a_receipt_that_only_half_of_two_have_is_not_decided() -> None:
    async with a_node(receipt=None) as one, a_node() as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            with pytest.raises(Unavailable) as caught:
                await chain.agreed_receipt(OTHER)
    assert caught.value.code == "endpoints_disagree"


async def test_a_receipt_that_the_preferred_endpoint_hides_is_found_at_one_of_the_others() -> None:
    async with a_node(receipt=None) as liar, a_node(receipt=None) as two, a_node() as three:
        chain = a_chain(liar, two, three)
        async with chain.rpc:
            found = [await chain.receipt(OTHER) for _ in range(2)]
    assert [receipt is not None for receipt in found].count(True) == 1


async def test_a_receipt_that_the_preferred_endpoint_has_is_asked_of_no_other() -> None:
    async with a_node() as one, a_node() as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            assert await chain.receipt(OTHER) is not None
    assert two.asked == []


async def test_a_missing_receipt_stays_missing_when_the_other_endpoint_fails() -> None:
    async with a_node(receipt=None) as one, FaultyRpc(faulty_rpc.text("no", 503)) as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            assert await chain.receipt(OTHER) is None


RAW = b"\x02raw"


def tx_hash() -> str:
    return f"0x{core.keccak256(RAW).hex()}"


def refusing(message: str) -> FaultyRpc:
    return FaultyRpc(faulty_rpc.error(-32000, message))


async def test_what_is_sent_everywhere_reaches_all_endpoints_and_an_acceptance_wins() -> None:
    async with refusing("nonce too low") as one, refusing("internal error") as two, saying(tx_hash()) as three:
        chain = a_chain(one, two, three)
        async with chain.rpc:
            sent = await chain.send_raw(RAW, everywhere=True)
    assert (sent.answer, sent.tx_hash) == (SendAnswer.ACCEPTED, tx_hash())


async def test_an_acceptance_is_told_without_waiting_for_a_silent_endpoint() -> None:
    async with FaultyRpc(faulty_rpc.silence()) as one, saying(tx_hash()) as two:
        chain = a_chain(one, two)
        # Well below the ten seconds that the client waits for an answer.
        async with chain.rpc, asyncio.timeout(5):
            assert (await chain.send_raw(RAW, everywhere=True)).answer is SendAnswer.ACCEPTED


async def test_everybodys_refusal_is_a_refusal_and_gives_nobody_a_rest() -> None:
    async with refusing("oversized data") as one, refusing("oversized data") as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            for _ in range(2):
                sent = await chain.send_raw(RAW, everywhere=True)
                assert (sent.answer, sent.code) == (SendAnswer.REJECTED, "oversized")
            await chain.send_raw(RAW)
    assert (len(one.asked), len(two.asked)) == (3, 2)


async def test_without_being_told_to_one_endpoint_alone_is_sent_to() -> None:
    async with saying(tx_hash()) as one, saying(tx_hash()) as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            assert (await chain.send_raw(RAW)).answer is SendAnswer.ACCEPTED
    assert (one.asked, two.asked) == (["eth_sendRawTransaction"], [])


async def test_a_broken_endpoint_leaves_a_sending_everywhere_unknown_when_the_other_refuses() -> None:
    broken: Fault = faulty_rpc.text("oops", 502)
    async with FaultyRpc(broken) as one, refusing("insufficient funds") as two:
        chain = a_chain(one, two)
        async with chain.rpc:
            sent = await chain.send_raw(RAW, everywhere=True)
    assert (sent.answer, sent.code) == (SendAnswer.UNKNOWN, "rpc_http_502")
