"""The block engine's HTTP side beside bundles: single transactions, tips, limits, keys, and callers' mistakes."""

import base64
import json
from typing import Any

import aiohttp
import pytest

from tests.integration.localnet_solana.bundles import SOL, TIP_ACCOUNT, Caller, id_of, in_base64, signature_of
from tests.integration.localnet_solana.test_block_engine import ANN, BOB, house
from tradewind.domain.base58 import base58
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.block_engine.options import BlockEngineOptions
from tradewind.localnet.solana.block_engine.server import serve_block_engine

# As Jito's documentation lists them.
TIP_ACCOUNTS = [
    "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
    "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
    "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
    "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
    "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
    "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
    "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
    "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
]
TRANSACTIONS = "/api/v1/transactions"
BASE64 = {"encoding": "base64"}


async def test_the_tip_accounts_are_those_that_jito_documents() -> None:
    async with house() as h:
        assert await h.caller.result("getTipAccounts", []) == TIP_ACCOUNTS
        assert await h.caller.result("getTipAccounts", [], "/api/v1/getTipAccounts") == TIP_ACCOUNTS


async def test_each_status_method_has_a_path_of_its_own_that_serves_it_alone() -> None:
    async with house() as h:
        assert (await h.caller.result("getBundleStatuses", [["ab"]], "/api/v1/getBundleStatuses"))["value"] == [None]
        path = "/api/v1/getInflightBundleStatuses"
        assert (await h.caller.result("getInflightBundleStatuses", [[]], path))["value"] == []
        assert (await h.caller.error("getTipAccounts", [], path))[:2] == (404, -32601)


async def test_base58_is_what_a_bundle_is_in_when_nothing_is_said() -> None:
    async with house() as h:
        wire = h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())
        assert await h.caller.result("sendBundle", [[base58(wire)]]) == id_of([wire])


async def test_a_transaction_becomes_a_bundle_of_one_when_asked() -> None:
    async with house() as h:
        wire = h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())
        params = [base64.b64encode(wire).decode(), BASE64]
        status, headers, body = await h.caller.call("sendTransaction", params, TRANSACTIONS + "?bundleOnly=true")
        assert (status, body["result"]) == (200, signature_of(wire))
        assert headers["x-bundle-id"] == id_of([wire])
        assert h.desk.balance(ANN) == 0
        h.engine.auction()
        assert h.desk.balance(ANN) == SOL
        assert (await h.caller.inflight(id_of([wire])))[0] == "Landed"


async def test_a_bundle_of_one_that_fails_costs_nothing_and_a_plain_transaction_its_fee() -> None:
    async with house() as h:
        before = h.desk.balance(h.desk.payer.pubkey())
        for path, paid in ((TRANSACTIONS + "?bundleOnly=true", 0), (TRANSACTIONS, 5_000)):
            wire = h.desk.wire(h.desk.pay(ANN, 1_000 * SOL), h.desk.tip())
            await h.caller.result("sendTransaction", [base64.b64encode(wire).decode(), BASE64], path)
            h.engine.auction()
            assert await h.caller.inflight(id_of([wire])) == ("Failed", None)
            assert before - h.desk.balance(h.desk.payer.pubkey()) == paid


async def test_a_plain_transaction_goes_to_the_leader_at_once() -> None:
    async with house() as h:
        wire = h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())
        await h.caller.result("sendTransaction", [base64.b64encode(wire).decode(), BASE64], TRANSACTIONS)
        assert h.desk.balance(ANN) == SOL
        h.engine.auction()
        assert (await h.caller.inflight(id_of([wire])))[0] == "Landed"


async def test_the_tip_floor_tells_the_percentiles_of_what_landed() -> None:
    async with house() as h:
        async with h.caller.session.get(h.served.url + "/api/v1/bundles/tip_floor") as response:
            (before,) = await response.json()
        assert before["landed_tips_50th_percentile"] == 1e-06
        for tip in (10_000, 20_000, 30_000, 40_000):
            await h.auctioned([h.desk.wire(h.desk.tip(tip))])
        async with h.caller.session.get(h.served.url + "/api/v1/bundles/tip_floor") as response:
            (after,) = await response.json()
    assert {key: value for key, value in after.items() if key.startswith("landed")} == {
        "landed_tips_25th_percentile": 1e-05,
        "landed_tips_50th_percentile": 2e-05,
        "landed_tips_75th_percentile": 3e-05,
        "landed_tips_95th_percentile": 4e-05,
        "landed_tips_99th_percentile": 4e-05,
    }
    assert after["time"] == "2025-10-09T08:53:20Z"
    assert 1e-05 <= after["ema_landed_tips_50th_percentile"] <= 2e-05


async def test_the_tip_stream_begins_with_the_levels_and_tells_each_change() -> None:
    async with house() as h, h.caller.session.ws_connect(h.served.url + "/api/v1/bundles/tip_stream") as stream:
        assert (await stream.receive_json())[0]["landed_tips_99th_percentile"] == 1e-06
        await h.auctioned([h.desk.wire(h.desk.tip(50_000))])
        assert (await stream.receive_json())[0]["landed_tips_99th_percentile"] == 5e-05


async def test_a_reader_of_tips_that_falls_behind_is_dropped_with_its_reason() -> None:
    async with (
        house(max_queued_results=1) as h,
        h.caller.session.ws_connect(h.served.url + "/api/v1/bundles/tip_stream") as stream,
    ):
        await stream.receive_json()
        for tip in (10_000, 20_000, 30_000):
            h.engine.take([h.desk.wire(h.desk.tip(tip))], "local")
        h.engine.auction()
        closed = await stream.receive()
        assert (closed.data, closed.extra) == (1013, "subscriber_lagged")


async def test_a_second_request_within_a_second_is_too_many() -> None:
    async with house(requests_per_second=1) as h:
        assert (await h.caller.call("getTipAccounts", []))[0] == 200
        status, headers, body = await h.caller.call("getTipAccounts", [])
        assert (status, body["error"]["code"], headers["Retry-After"]) == (429, -32097, "1")
        assert "Rate limit exceeded. Limit: 1 per second" in body["error"]["message"]
        await h.desk.clock.advance(1.0)
        assert (await h.caller.call("getTipAccounts", []))[0] == 200


async def test_the_limit_is_for_each_region_and_each_address() -> None:
    async with house(requests_per_second=1, regions=("ny", "tokyo")) as h:
        tokyo = Caller(h.caller.session, h.served.urls["tokyo"])
        assert (await h.caller.call("getTipAccounts", []))[0] == 200
        assert (await tokyo.call("getTipAccounts", []))[0] == 200
        connector = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
        async with aiohttp.ClientSession(connector=connector) as elsewhere:
            assert (await Caller(elsewhere, h.served.url).call("getTipAccounts", []))[0] == 200
        assert (await tokyo.call("getTipAccounts", []))[0] == 429


async def test_one_bundle_raced_through_two_regions_lands_once() -> None:
    async with house(regions=("ny", "tokyo")) as h:
        wires = [h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())]
        bundle = await h.caller.send(wires)
        assert await Caller(h.caller.session, h.served.urls["tokyo"]).send(wires) == bundle
        h.engine.auction()
        assert (await h.caller.inflight(bundle))[0] == "Landed"
        assert h.desk.balance(ANN) == SOL


async def test_a_key_is_taken_from_header_or_query_and_an_unknown_one_refused() -> None:
    async with house(uuids=frozenset({"mine"})) as h:
        assert (await h.caller.call("getTipAccounts", [], **{"x-jito-auth": "mine"}))[0] == 200
        assert (await h.caller.call("getTipAccounts", [], "/api/v1/bundles?uuid=mine"))[0] == 200
        assert (await h.caller.call("getTipAccounts", [], "/api/v1/bundles?uuid=other"))[0] == 401
        assert (await h.caller.call("getTipAccounts", []))[0] == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"[" * 100_000, -32600),
        (b"[" * 60_000, -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b"3", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"getTipAccounts"}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"getTipAccounts"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"getTipAccounts"}', -32600),
        (b'{"jsonrpc":"2.0","id":1e999,"method":"getTipAccounts"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getTipAccounts","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"mineBitcoin"}', -32601),
    ],
)
async def test_a_body_that_is_no_call_is_answered_with_its_fault(body: bytes, code: int) -> None:
    async with house() as h, h.caller.session.post(h.served.url + "/api/v1/bundles", data=body) as response:
        assert (await response.json())["error"]["code"] == code


@pytest.mark.parametrize(
    "params",
    [
        [],
        ["x"],
        [[1]],
        [["!"], BASE64],
        [["0OIl"]],
        [["AAAA"], {"encoding": "hex"}],
        [["AAAA"], []],
        [["A" * 10_000], BASE64],
        [[base64.b64encode(bytes(1233)).decode()], BASE64],
        [[base64.b64encode(b"\x01" + bytes(200)).decode()], BASE64],
        [None],
    ],
)
async def test_a_bundle_that_cannot_be_read_is_answered_with_its_fault(params: list[Any]) -> None:
    async with house() as h:
        status, code, message = await h.caller.error("sendBundle", params)
        assert (status, code) == (400, -32602)
        assert message


@pytest.mark.parametrize("params", [[], [["a"] * 6], ["a"], [[1]], [None]])
async def test_at_most_five_ids_are_answered(params: list[Any]) -> None:
    async with house() as h:
        for method in ("getBundleStatuses", "getInflightBundleStatuses"):
            assert (await h.caller.error(method, params))[:2] == (400, -32602)


async def test_a_flag_that_is_neither_true_nor_false_is_refused() -> None:
    async with house() as h:
        assert (await h.caller.error("sendTransaction", ["AA"], TRANSACTIONS + "?bundleOnly=maybe"))[1] == -32602


async def test_so_many_bundles_may_wait_and_no_more() -> None:
    async with house(max_pending_bundles=1) as h:
        await h.caller.send([h.desk.wire(h.desk.tip())])
        assert (await h.caller.refused([h.desk.wire(h.desk.tip())]))[:2] == (429, -32097)


async def test_a_port_that_is_taken_is_named() -> None:
    async with house() as h:
        port = int(h.served.url.rpartition(":")[2])
        with pytest.raises(LocalnetError, match=str(port)) as refusal:
            await serve_block_engine(h.desk.node, BlockEngineOptions(http_ports=(port,)))
        assert refusal.value.code == "port_in_use"


async def test_the_answers_are_json_of_the_shape_that_clients_parse() -> None:
    async with house() as h:
        body = json.dumps({"jsonrpc": "2.0", "id": "a", "method": "getInflightBundleStatuses", "params": [["ff"]]})
        async with h.caller.session.post(h.served.url + "/api/v1/bundles", data=body) as response:
            answer = await response.json()
    assert answer == {
        "jsonrpc": "2.0",
        "result": {
            "context": {"slot": h.desk.node.slot},
            "value": [{"bundle_id": "ff", "status": "Invalid", "landed_slot": None}],
        },
        "id": "a",
    }


async def test_a_transaction_that_lands_by_another_way_fails_its_bundle() -> None:
    async with house() as h:
        first, second = h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip()), h.desk.wire(h.desk.pay(BOB, SOL))
        bundle = await h.caller.send([first, second])
        h.desk.node.submit(second, lane="rpc")
        h.engine.auction()
        assert await h.caller.inflight(bundle) == ("Failed", None)
        assert (h.desk.balance(ANN), h.desk.balance(BOB)) == (0, SOL)
        assert str(TIP_ACCOUNT) in TIP_ACCOUNTS
        assert in_base64([first])
