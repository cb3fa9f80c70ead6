"""The RPC client against an endpoint that misbehaves."""

from typing import Any

import pytest

from tests import faulty_rpc
from tests.fake_clock import FakeClock
from tests.faulty_rpc import CHAIN_ID, Fault, FaultyRpc
from tradewind.errors import Disposition, Misconfigured, Unavailable
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_error import RpcError

PATIENT_S, SHORT_S = 10.0, 0.05


def a_client(*endpoints: FaultyRpc, timeout_s: float = PATIENT_S, **limits: Any) -> RpcClient:
    urls = [endpoint.url for endpoint in endpoints]
    return RpcClient(urls, chain_id=CHAIN_ID, timeout_s=timeout_s, clock=FakeClock(), **limits)


def _answer(**fields: object) -> Fault:
    """An answer under the right id, with these fields and no others."""
    return lambda body: faulty_rpc.raw_json({"jsonrpc": "2.0", "id": body["id"], **fields})(body)


FAULTS: dict[str, tuple[Fault, str]] = {
    "html": (faulty_rpc.text("<html>Bad gateway</html>"), "rpc_malformed"),
    "nothing": (faulty_rpc.text(""), "rpc_malformed"),
    "half_json": (faulty_rpc.half_of_it(), "rpc_malformed"),
    "deep_json": (faulty_rpc.text("[" * 100_000), "rpc_malformed"),
    "nan": (faulty_rpc.text('{"jsonrpc": "2.0", "id": 2, "result": NaN}'), "rpc_malformed"),
    "number": (faulty_rpc.raw_json(7), "rpc_malformed"),
    "array": (faulty_rpc.raw_json([]), "rpc_malformed"),
    "no_version": (faulty_rpc.raw_json({"id": 2, "result": "0x1"}), "rpc_malformed"),
    "no_result": (_answer(), "rpc_malformed"),
    "wrong_id": (faulty_rpc.with_id(999_999), "rpc_wrong_id"),
    "text_id": (faulty_rpc.with_id("2"), "rpc_wrong_id"),
    "no_id": (faulty_rpc.with_id(None), "rpc_wrong_id"),
    "too_many_requests": (faulty_rpc.text("slow down", 429), "rpc_http_429"),
    "too_many_requests_in_json": (faulty_rpc.error(-32000, "slow down", status=429), "rpc_http_429"),
    "rate_limited": (faulty_rpc.error(-32005, "limit exceeded"), "rpc_rate_limited"),
    "server_error": (faulty_rpc.text("oops", 503), "rpc_http_503"),
    "redirect": (faulty_rpc.text("", 302), "rpc_http_302"),
    "error_text": (_answer(error="no"), "rpc_malformed"),
    "error_without_code": (faulty_rpc.error(None, "no"), "rpc_malformed"),
    "error_without_message": (faulty_rpc.error(-32000, None), "rpc_malformed"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_turns_every_bad_answer_into_a_coded_error(name: str) -> None:
    fault, code = FAULTS[name]
    async with FaultyRpc(fault) as endpoint, a_client(endpoint) as client:
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_blockNumber")
    assert caught.value.code == code
    assert caught.value.disposition is Disposition.RETRY


async def test_reports_silence_as_a_timeout() -> None:
    async with FaultyRpc(faulty_rpc.silence()) as endpoint, a_client(endpoint, timeout_s=SHORT_S) as client:
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_blockNumber")
    assert caught.value.code == "rpc_timeout"


async def test_reports_a_closed_port_as_unreachable() -> None:
    async with FaultyRpc(faulty_rpc.result("0x1")) as endpoint:
        url = endpoint.url
    async with RpcClient([url], chain_id=CHAIN_ID, timeout_s=PATIENT_S, clock=FakeClock()) as client:
        with pytest.raises(Unavailable) as caught:
            await client.connect()
    assert caught.value.code == "rpc_unreachable"


async def test_stops_reading_an_answer_that_is_too_large() -> None:
    async with FaultyRpc(faulty_rpc.huge(50_000)) as endpoint, a_client(endpoint, max_answer_bytes=20_000) as client:
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_blockNumber")
    assert caught.value.code == "rpc_answer_too_large"


async def test_refuses_an_endpoint_of_another_chain_on_connecting() -> None:
    async with FaultyRpc(faulty_rpc.result("0x1"), chain_id=1) as endpoint, a_client(endpoint) as client:
        with pytest.raises(Misconfigured) as caught:
            await client.connect()
    assert caught.value.code == "wrong_chain"
    assert "chain 1, not 42161" in str(caught.value)


async def test_never_uses_an_answer_of_another_chain_even_without_connecting() -> None:
    async with (
        FaultyRpc(faulty_rpc.result("0xbad"), chain_id=1) as wrong,
        FaultyRpc(faulty_rpc.result("0x9")) as right,
        a_client(wrong, right) as client,
    ):
        assert await client.call("eth_blockNumber") == "0x9"
    assert wrong.asked == []


async def test_asks_the_next_endpoint_when_one_fails_and_lets_the_first_rest() -> None:
    async with (
        FaultyRpc(faulty_rpc.text("oops", 500), faulty_rpc.result("0x1")) as first,
        FaultyRpc(faulty_rpc.result("0x2")) as second,
    ):
        clock = FakeClock()
        client = RpcClient([first.url, second.url], chain_id=CHAIN_ID, timeout_s=PATIENT_S, clock=clock, rest_s=5)
        async with client:
            assert await client.call("eth_blockNumber") == "0x2"
            assert await client.call("eth_blockNumber") == "0x2"
            assert len(first.asked) == 1
            # In use stays what works: the first is only asked again when the second fails.
            await clock.advance(6)
            second.faults = [faulty_rpc.text("oops", 500)]
            assert await client.call("eth_blockNumber") == "0x1"


async def test_raises_the_first_endpoints_fault_when_all_fail() -> None:
    async with (
        FaultyRpc(faulty_rpc.text("oops", 500)) as first,
        FaultyRpc(faulty_rpc.text("no")) as second,
        a_client(first, second) as client,
    ):
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_blockNumber")
    assert caught.value.code == "rpc_http_500"
    assert (len(first.asked), len(second.asked)) == (1, 1)


async def test_does_not_take_a_refusal_to_the_next_endpoint() -> None:
    async with (
        FaultyRpc(faulty_rpc.error(-32000, "nonce too low")) as first,
        FaultyRpc(faulty_rpc.result("0x2")) as second,
        a_client(first, second) as client,
    ):
        with pytest.raises(RpcError) as caught:
            await client.call("eth_sendRawTransaction", ["0x"])
    assert (caught.value.code, caught.value.rpc_code) == ("rpc_error", -32000)
    assert caught.value.rpc_message == "nonce too low"
    assert second.asked == []


async def test_reads_an_error_that_comes_with_another_http_status() -> None:
    async with FaultyRpc(faulty_rpc.error(-32602, "bad params", status=400)) as endpoint, a_client(endpoint) as client:
        with pytest.raises(RpcError) as caught:
            await client.call("eth_call")
    assert caught.value.rpc_code == -32602


def _backwards(body: Any) -> Any:
    numbered = [{"jsonrpc": "2.0", "id": item["id"], "result": item["params"][0]} for item in body]
    return faulty_rpc.raw_json(numbered[::-1])(body)


async def test_puts_the_answers_of_a_batch_in_the_order_of_its_requests() -> None:
    async with FaultyRpc(_backwards) as endpoint, a_client(endpoint, max_batch=3) as client:
        assert await client.batch([("echo", [number]) for number in range(7)]) == list(range(7))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([], "rpc_malformed"),
        ({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batches are off"}}, "rpc_error"),
        ({"jsonrpc": "2.0", "id": 2, "result": "0x1"}, "rpc_malformed"),
        ([{"jsonrpc": "2.0", "id": 2, "result": 1}, {"jsonrpc": "2.0", "id": 2, "result": 1}], "rpc_wrong_id"),
        ([{"jsonrpc": "2.0", "id": 2, "result": 1}, {"jsonrpc": "2.0", "id": 9, "result": 1}], "rpc_wrong_id"),
        ([{"jsonrpc": "2.0", "id": 2, "result": 1}, None], "rpc_wrong_id"),
    ],
)
async def test_refuses_a_batch_that_is_not_answered_one_to_one(answer: object, code: str) -> None:
    async with FaultyRpc(faulty_rpc.raw_json(answer)) as endpoint, a_client(endpoint) as client:
        with pytest.raises(Unavailable) as caught:
            await client.batch([("eth_blockNumber", []), ("eth_gasPrice", [])])
    assert caught.value.code == code


async def test_leaves_the_error_of_one_request_in_its_place_of_the_batch() -> None:
    def second_fails(body: Any) -> Any:
        error = {"code": 3, "message": "execution reverted", "data": "0x"}
        first, second = ({"jsonrpc": "2.0", "id": item["id"]} for item in body)
        return faulty_rpc.raw_json([first | {"result": "0x1"}, second | {"error": error}])(body)

    async with FaultyRpc(second_fails) as endpoint, a_client(endpoint) as client:
        one, two = await client.batch([("eth_blockNumber", []), ("eth_call", [])])
    assert one == "0x1"
    assert isinstance(two, RpcError)


async def test_keeps_secrets_of_a_url_out_of_its_messages() -> None:
    async with FaultyRpc(faulty_rpc.text("oops", 500)) as endpoint:
        url = endpoint.url.replace("http://", "http://user:hunter2@") + "/v2/s3cret?key=s3cret"
        async with RpcClient([url], chain_id=CHAIN_ID, timeout_s=PATIENT_S, clock=FakeClock()) as client:
            with pytest.raises(Unavailable) as caught:
                await client.call("eth_blockNumber")
    assert "127.0.0.1" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1", "127.0.0.1:8545", "http://", "http://host:port", ""])
def test_refuses_a_url_that_is_not_http(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        RpcClient([url], chain_id=CHAIN_ID, timeout_s=PATIENT_S, clock=FakeClock())
    assert caught.value.code == "rpc_url_malformed"


def test_refuses_a_chain_without_endpoints() -> None:
    with pytest.raises(Misconfigured) as caught:
        RpcClient([], chain_id=CHAIN_ID, timeout_s=PATIENT_S, clock=FakeClock())
    assert caught.value.code == "rpc_urls_empty"
