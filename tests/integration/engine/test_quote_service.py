"""Quotes over gRPC, asked by a client that was made from the .proto alone, against the core and against real swaps."""

import asyncio
import importlib.util
import itertools
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from solders.pubkey import Pubkey

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import ROOT, EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, TRIANGLE, configuration, snapshot, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL, associated
from tradewind import core

PROTO = "tradewind/quotes/v1/quotes.proto"
POOLS = (*TRIANGLE, *BOTH_VENUES)
SERVICE = "/tradewind.quotes.v1.Quotes/"


@pytest.fixture(scope="module")
def proto(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The messages, as protoc makes them."""
    folder = tmp_path_factory.mktemp("proto")
    root = ROOT / "crates/engine/proto"
    made = ("-m", "grpc_tools.protoc", f"-I{root}", f"--python_out={folder}", PROTO)
    subprocess.run([sys.executable, *made], check=True, capture_output=True)
    spec = importlib.util.spec_from_file_location("quotes_pb2", folder / PROTO.replace(".proto", "_pb2.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Quotes:
    """The two methods, as a client calls them."""

    def __init__(self, channel: grpc.aio.Channel, proto: Any) -> None:
        self.proto = proto
        self.channel = channel

    async def quote(self, **fields: Any) -> Any:
        call = self.channel.unary_unary(
            SERVICE + "Quote",
            request_serializer=self.proto.QuoteRequest.SerializeToString,
            response_deserializer=self.proto.QuoteReply.FromString,
        )
        return await call(self.proto.QuoteRequest(**fields), timeout=30)

    def stream(self, *pairs: dict[str, Any]) -> Any:
        call = self.channel.unary_stream(
            SERVICE + "StreamQuotes",
            request_serializer=self.proto.StreamQuotesRequest.SerializeToString,
            response_deserializer=self.proto.StreamedQuote.FromString,
        )
        asked = [self.proto.QuoteRequest(**pair) for pair in pairs]
        return call(self.proto.StreamQuotesRequest(pairs=asked), timeout=60)


@asynccontextmanager
async def serving(
    deployment: SolanaDeployment, tmp_path: Path, proto: Any, **changes: Any
) -> AsyncIterator[tuple[EngineProcess, Quotes]]:
    """An engine that trades nothing and serves quotes on a port that the system chose."""
    changes = {"mode": "paper", "quotes": {"listen": "127.0.0.1:0"}, **changes}
    config = configuration(deployment, POOLS, folder=tmp_path / "arb-1", **changes)
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    await engine.until("engine_ready")
    address = (await engine.until("quotes_ready"))["address"]
    async with grpc.aio.insecure_channel(address) as channel:
        yield engine, Quotes(channel, proto)
    assert await engine.terminate() == 0


def graph_of(deployment: SolanaDeployment) -> core.PoolGraph:
    """The same pools as the chain has them now, read by the core."""
    graph = core.PoolGraph()
    described = deployment.chain.description
    graph.add(snapshot(deployment.chain, [described.pool(*name) for name in POOLS]))
    return graph


def mints(deployment: SolanaDeployment) -> dict[str, str]:
    return {"SOL": str(WSOL)} | {name: deployment.chain.description.mint(name) for name in ("TIDE", "USDC", "WIND")}


def expected(graph: core.PoolGraph, asked: dict[str, Any]) -> Any:
    """What the core quotes, in the shape of a reply; or the code of its refusal."""
    try:
        route = core.optimize_route(
            graph,
            token_in=asked["mint_in"],
            token_out=asked["mint_out"],
            amount_raw=asked["amount_raw"],
            exact="in" if asked["side"] == 1 else "out",
            max_hops=asked["max_hops"] or 3,
        )
    except core.CoreError as error:
        return error.code
    hops = [
        (hop.pool, graph.venue(hop.pool), hop.token_in, hop.token_out, hop.amount_in_raw, hop.amount_out_raw)
        for hop in route.hops
    ]
    return route.amount_in_raw, route.amount_out_raw, hops


def told(reply: Any) -> Any:
    hops = [
        (hop.pool, hop.venue, hop.mint_in, hop.mint_out, hop.amount_in_raw, hop.amount_out_raw) for hop in reply.hops
    ]
    return reply.amount_in_raw, reply.amount_out_raw, hops


def code_of(error: grpc.aio.AioRpcError) -> str:
    metadata = dict(error.trailing_metadata() or ()) | dict(error.initial_metadata() or ())
    return str(metadata["tradewind-code"])


async def answered(quotes: Quotes, asked: dict[str, Any]) -> Any:
    try:
        return told(await quotes.quote(**asked))
    except grpc.aio.AioRpcError as error:
        return code_of(error)


async def test_every_quote_is_the_cores_for_the_same_accounts(
    deployment: SolanaDeployment, tmp_path: Path, proto: Any
) -> None:
    async with serving(deployment, tmp_path, proto) as (_, quotes):
        graph = graph_of(deployment)
        seen = set()
        for ends, side, amount_raw, max_hops in itertools.product(
            itertools.permutations(mints(deployment).values(), 2), (1, 2), (1, 1_000_000, 10**12, 2**63), (0, 1, 4)
        ):
            asked = {"mint_in": ends[0], "mint_out": ends[1], "side": side, "amount_raw": amount_raw}
            asked["max_hops"] = max_hops
            answer = await answered(quotes, asked)
            assert answer == expected(graph, asked), asked
            seen.add(answer if isinstance(answer, str) else len(answer[2]))
        assert {1, 2, "no_route"} <= seen, seen


async def test_a_swap_gives_what_was_quoted_and_the_stream_tells_the_pools_behind_it(
    deployment: SolanaDeployment, tmp_path: Path, proto: Any
) -> None:
    pool = deployment.chain.description.pool("raydium_amm_v4", "TIDE/SOL")
    tide = Pubkey.from_string(deployment.chain.description.mint("TIDE"))
    other = deployment.chain.wallets["third"].pubkey()
    paid_raw = 5_000_000_000
    pair = {"mint_in": str(WSOL), "mint_out": str(tide), "side": 1, "amount_raw": paid_raw, "max_hops": 1}
    elsewhere = pair | {"mint_in": deployment.chain.description.mint("WIND"), "mint_out": str(WSOL)}

    def held_raw() -> int:
        account = deployment.chain.node.account(associated(other, tide))
        return int.from_bytes(account.data[64:72], "little") if account else 0

    async with serving(deployment, tmp_path, proto) as (_, quotes):
        stream = quotes.stream(pair, elsewhere)
        first = {item.pair: item.quote for item in [await stream.read(), await stream.read()]}
        quoted = await quotes.quote(**pair)
        assert told(first[0]) == told(quoted)
        before_raw = held_raw()
        swap_by_somebody_else(deployment.chain, pool, str(WSOL), paid_raw)
        assert held_raw() - before_raw == quoted.amount_out_raw
        after = expected(graph_of(deployment), pair)
        async with asyncio.timeout(30):
            while True:
                item = await stream.read()
                assert item.pair == 0, "the other pair's pools stood still"
                if told(item.quote) == after:
                    break
        assert item.quote.slot >= quoted.slot
        stream.cancel()


WRONG: list[tuple[dict[str, Any], str, grpc.StatusCode]] = [
    ({"mint_in": ""}, "mint_malformed", grpc.StatusCode.INVALID_ARGUMENT),
    ({"mint_in": "SOL"}, "mint_malformed", grpc.StatusCode.INVALID_ARGUMENT),
    ({"mint_out": "0x" + "00" * 20}, "mint_malformed", grpc.StatusCode.INVALID_ARGUMENT),
    ({"mint_out": str(WSOL)}, "same_token", grpc.StatusCode.INVALID_ARGUMENT),
    ({"amount_raw": 0}, "amount_zero", grpc.StatusCode.INVALID_ARGUMENT),
    ({"side": 0}, "side_missing", grpc.StatusCode.INVALID_ARGUMENT),
    ({"side": 7}, "side_missing", grpc.StatusCode.INVALID_ARGUMENT),
    ({"max_hops": 5}, "max_hops_out_of_range", grpc.StatusCode.INVALID_ARGUMENT),
    ({"max_hops": 2**32 - 1}, "max_hops_out_of_range", grpc.StatusCode.INVALID_ARGUMENT),
    ({"mint_out": "11111111111111111111111111111111"}, "unknown_token", grpc.StatusCode.NOT_FOUND),
]


async def test_a_wrong_request_is_refused_by_its_field_under_a_stable_code(
    deployment: SolanaDeployment, tmp_path: Path, proto: Any
) -> None:
    known = mints(deployment)
    right = {"mint_in": known["SOL"], "mint_out": known["TIDE"], "side": 1, "amount_raw": 1_000_000, "max_hops": 3}
    async with serving(deployment, tmp_path, proto) as (engine, quotes):
        for change, code, status in WRONG:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await quotes.quote(**right | change)
            assert (code_of(raised.value), raised.value.code()) == (code, status), change
            if status is grpc.StatusCode.INVALID_ARGUMENT:
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await quotes.stream(right, right | change).read()
                assert code_of(raised.value) == code
                assert str(raised.value.details()).startswith("pairs[1].")
        for pairs in (0, 65):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await quotes.stream(*[right] * pairs).read()
            assert code_of(raised.value) == "pairs_out_of_range"
        for method, body, status in (
            ("Quote", b"\xff\xff", grpc.StatusCode.INTERNAL),
            ("Quote", b"\x0a\x80\x80\x08" + b"x" * 131_072, grpc.StatusCode.OUT_OF_RANGE),
            ("Trade", b"", grpc.StatusCode.UNIMPLEMENTED),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await quotes.channel.unary_unary(SERVICE + method)(body, timeout=30)
            assert raised.value.code() is status, method
        unknown = right | {"mint_out": "11111111111111111111111111111111"}
        item = await quotes.stream(unknown).read()
        assert item.fault.code == "unknown_token"
        engine.config |= {"version": 2, "blacklist": [known["TIDE"]]}
        engine.write()
        await engine.until("config_in_force", version=2)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await quotes.quote(**right)
        assert code_of(raised.value) == "blacklisted"
        # A blacklisted mint is on no path, either.
        without = core.PoolGraph()
        states = json.loads(graph_of(deployment).dump())["pools"]
        without.add(json.dumps({"pools": [state for state in states if known["TIDE"] not in state.values()]}))
        onward = right | {"mint_out": known["USDC"], "amount_raw": 10**12}
        assert await answered(quotes, onward) == expected(without, onward)


async def test_an_address_that_is_taken_ends_the_engine_with_the_field_that_names_it(
    deployment: SolanaDeployment, tmp_path: Path, proto: Any
) -> None:
    async with serving(deployment, tmp_path, proto) as (engine, _):
        taken = engine.said("quotes_ready")[0]["address"]
        config = configuration(
            deployment, POOLS, folder=tmp_path / "arb-2", mode="paper", instance="arb-2", quotes={"listen": taken}
        )
        second = EngineProcess(config, config_path=tmp_path / "second.json")
        await second.start()
        assert await second.exit_code() == 64
        failed = second.said("engine_failed")[0]
        assert failed["code"] == "quotes_unbound"
        assert taken in failed["message"]
