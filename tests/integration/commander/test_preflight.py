"""The pre-flight on a local Solana with its servers: all is well; and each thing that is not is told by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests import builders
from tests.integration.engine.authority import Authority
from tests.integration.engine.cuttable import cuttable
from tests.unit.commander.strategy_files import DROP, changed, written
from tradewind.commander.finding import Finding, Verdict
from tradewind.commander.preflight.examine import examine, refuse_wrong
from tradewind.commander.preflight.signer import judge
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.errors import Refused
from tradewind.execution.signer_answers import HaltInForce, SignerState, SignerWallet
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.server import serve_geyser
from tradewind.observability.clock import SystemClock

Settings = Callable[..., StrategySettings]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain() -> AsyncIterator[SolanaLocalnet]:
    async with SolanaLocalnet() as chain:
        yield chain


@pytest.fixture
def settings(chain: SolanaLocalnet, tmp_path: Path) -> Settings:
    """A file that is right for this chain, with something changed."""
    described = chain.description

    def made(**changes: Any) -> StrategySettings:
        usual = {
            "chain__rpc": [described.urls["rpc"]],
            "chain__websocket": described.urls["websocket"],
            "chain__yellowstone": next(
                url for name, url in described.urls.items() if "geyser" in name or "yellow" in name
            ),
            "chain__shredstream": described.urls["shredstream"],
            "chain__genesis_hash": described.genesis_hash,
            "commander__wallet": described.wallets[0].address,
            "commander__preflight__pools": [pool.pool for pool in described.pools],
            "commander__preflight__programs": list(described.programs.values())[:2],
            "commander__preflight__least_free_bytes": 1,
            "commander__preflight__most_latency_ms": 60_000,
            "commander__preflight__most_clock_offset_ms": 86_400_000,
        }
        return read_strategy_file(written(tmp_path, changed(**{**usual, **changes}))).settings

    return made


async def findings(settings: StrategySettings, folder: Path) -> dict[str, Finding]:
    """By the first word of their names."""
    return {each.name.split()[0]: each for each in await examine(settings, folder, SystemClock())}


def wrong_ones(found: dict[str, Finding]) -> set[str]:
    return {name for name, each in found.items() if each.verdict is Verdict.WRONG}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_chain_that_has_everything_is_green_and_paper_needs_no_signer(
    settings: Settings, tmp_path: Path
) -> None:
    found = await findings(settings(), tmp_path)
    names = {
        "rpc",
        "websocket",
        "yellowstone",
        "shredstream",
        "clock",
        "balance",
        "programs",
        "pools",
        "signer",
        "disk",
    }
    assert set(found) == names
    assert wrong_ones(found) == set()
    assert found["signer"].verdict is Verdict.WARNING
    refuse_wrong(list(found.values()))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"chain__rpc": ["http://127.0.0.1:9"]}, {"rpc"}),
        ({"chain__genesis_hash": "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"}, {"rpc"}),
        ({"chain__websocket": "ws://127.0.0.1:9"}, {"websocket"}),
        ({"feeds__kind": "shredstream", "chain__yellowstone": "http://127.0.0.1:9"}, {"yellowstone"}),
        (
            {"feeds__kind": "shredstream", "chain__yellowstone": DROP, "chain__websocket": "ws://127.0.0.1:9"},
            {"websocket"},
        ),
        ({"commander__wallet": builders.SOLANA_WALLET}, {"balance"}),
        ({"commander__preflight__pools": [builders.SOLANA_WALLET]}, {"pools"}),
        ({"commander__preflight__programs": [builders.SOLANA_WALLET]}, {"programs"}),
        ({"inventory__programs": [builders.SOLANA_WALLET]}, {"programs"}),
        ({"inventory__snapshot": "no-such-pools.json"}, {"snapshot"}),
        ({"commander__preflight__least_free_bytes": 2**50}, {"disk"}),
        ({"mode": "live"}, {"signer"}),
    ],
)
async def test_each_thing_that_is_not_there_is_red_by_itself(
    settings: Settings, tmp_path: Path, changes: dict[str, Any], wrong: set[str]
) -> None:
    found = await findings(settings(**changes), tmp_path)
    assert wrong_ones(found) == wrong
    with pytest.raises(Refused) as raised:
        refuse_wrong(list(found.values()))
    assert raised.value.code == "preflight_red"
    assert all(found[name].remedy in str(raised.value.remedy) for name in wrong)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_feed_that_is_not_the_chosen_one_is_only_worth_a_look(settings: Settings, tmp_path: Path) -> None:
    found = await findings(settings(chain__shredstream="http://127.0.0.1:9"), tmp_path)
    assert (found["shredstream"].verdict, wrong_ones(found)) == (Verdict.WARNING, set())
    # Entries are told of by Yellowstone where both are given.
    both = settings(feeds__kind="shredstream", chain__websocket="ws://127.0.0.1:9")
    found = await findings(both, tmp_path)
    assert (found["websocket"].verdict, wrong_ones(found)) == (Verdict.WARNING, set())


@pytest.mark.asyncio(loop_scope="module")
async def test_a_grpc_server_that_is_not_yellowstone_is_told_apart(settings: Settings, tmp_path: Path) -> None:
    shreds = settings().chain.shredstream
    found = await findings(settings(chain__yellowstone=shreds, feeds__kind="yellowstone"), tmp_path)
    assert wrong_ones(found) == {"yellowstone"}
    assert found["yellowstone"].seen == "is a gRPC server that does not answer as Yellowstone (UNIMPLEMENTED)"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_yellowstone_server_is_asked_with_the_token_that_the_engine_will_send(
    settings: Settings, chain: SolanaLocalnet, tmp_path: Path
) -> None:
    token = tmp_path / "yellowstone.token"
    token.write_text("moon-tide\n")
    token.chmod(0o600)
    async with await serve_geyser(chain.node, GeyserOptions(tokens=frozenset({"moon-tide"}))) as guarded:
        changes: dict[str, Any] = {"chain__yellowstone": guarded.url, "feeds__kind": "yellowstone"}

        async def seen(**more: Any) -> str | None:
            found = (await findings(settings(**changes, **more), tmp_path))["yellowstone"]
            return found.seen if found.verdict is Verdict.WRONG else None

        assert await seen(chain__yellowstone_token_file=str(token)) is None
        assert "wants a token (chain.yellowstone_token_file): UNAUTHENTICATED" in str(await seen())
        token.write_text("ebb")
        said = str(await seen(chain__yellowstone_token_file=str(token)))
        assert ("does not take the token" in said, "ebb" in said) == (True, False)
        token.chmod(0o640)
        assert "chmod 600" in str(await seen(chain__yellowstone_token_file=str(token)))
        token.write_text("two words")
        token.chmod(0o600)
        assert "holds no token" in str(await seen(chain__yellowstone_token_file=str(token)))
        assert "cannot be read" in str(await seen(chain__yellowstone_token_file=str(tmp_path / "nowhere")))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_yellowstone_server_over_tls_is_believed_when_the_file_names_who_vouches_for_it(
    settings: Settings, chain: SolanaLocalnet, tmp_path: Path
) -> None:
    known, stranger = Authority(tmp_path, "known"), Authority(tmp_path, "stranger")
    async with cuttable(chain.description.urls["yellowstone"], tls=known.server()) as server:
        changes: dict[str, Any] = {"chain__yellowstone": server.url, "feeds__kind": "yellowstone"}

        async def verdict(**more: Any) -> Verdict:
            return (await findings(settings(**changes, **more), tmp_path))["yellowstone"].verdict

        assert await verdict(chain__yellowstone_ca_file=str(known.file)) is Verdict.OK
        assert await verdict(chain__yellowstone_ca_file=str(stranger.file)) is Verdict.WRONG
        assert await verdict() is Verdict.WRONG
        known.file.write_text("no certificate")
        assert await verdict(chain__yellowstone_ca_file=str(known.file)) is Verdict.WRONG


@pytest.mark.asyncio(loop_scope="module")
async def test_an_endpoint_that_lags_and_one_that_is_slow_are_red(
    settings: Settings, chain: SolanaLocalnet, tmp_path: Path
) -> None:
    genesis = chain.description.genesis_hash

    async def answer(request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["method"] == "getSlot":
            await asyncio.sleep(0.05)
        result = {"getGenesisHash": genesis, "getSlot": 1}.get(asked["method"])
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": result})

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        [socket] = runner.addresses
        slow = f"http://127.0.0.1:{socket[1]}"
        both = settings(chain__rpc=[slow, chain.rpc_url], commander__preflight__most_lag_slots=2)
        while (await examine(both, tmp_path, SystemClock()))[1].seen.startswith(("slot 1,", "slot 2,", "slot 3,")):
            await asyncio.sleep(0.1)
        lagging = (await examine(both, tmp_path, SystemClock()))[0]
        assert (lagging.verdict, "allow more than 2 slots" in lagging.remedy) == (Verdict.WRONG, True)
        alone = settings(chain__rpc=[slow], commander__preflight__most_latency_ms=20)
        late = (await examine(alone, tmp_path, SystemClock()))[0]
        assert (late.verdict, "allow more than 20 ms" in late.remedy) == (Verdict.WRONG, True)
    finally:
        await runner.cleanup()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_machine_whose_clock_is_off_is_red(settings: Settings, tmp_path: Path) -> None:
    class Late:
        def now_ns(self) -> int:
            return time.time_ns() - 86_400 * 10**9

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

    strict = settings(commander__preflight__most_clock_offset_ms=43_200_000)
    found = {each.name: each for each in await examine(strict, tmp_path, Late())}
    assert found["clock"].verdict is Verdict.WRONG
    assert found["clock"].seen.startswith("-86")


def signer_state(**changes: Any) -> SignerState:
    """Of a signer that holds the wallet's key and would sign."""
    from importlib.metadata import version  # noqa: PLC0415

    wallet = SignerWallet.model_construct(address=builders.SOLANA_WALLET, chains=(101,))
    usual: dict[str, Any] = {
        "version": version("tradewind"),
        "policy_digest": "ab" * 32,
        "wallets": (wallet,),
        "halts": (),
        "liquidators": (),
    }
    return SignerState.model_construct(**{**usual, **changes})


def halt(**changes: Any) -> HaltInForce:
    usual: dict[str, Any] = {"kill_epoch": 7, "wallet": None, "strategy_id": None, "reason": "r", "by": "b", "at_ms": 1}
    return HaltInForce(**{**usual, **changes})


@pytest.mark.parametrize(
    ("state", "wrong"),
    [
        (signer_state(), set()),
        (signer_state(version="0.0.0"), {"signer"}),
        (signer_state(wallets=()), {"wallet"}),
        (
            signer_state(wallets=(SignerWallet.model_construct(address=builders.SOLANA_WALLET, chains=(1,)),)),
            {"wallet"},
        ),
        (signer_state(halts=(halt(),)), {"kill switch"}),
        (signer_state(halts=(halt(wallet=builders.SOLANA_WALLET),)), {"kill switch"}),
        (signer_state(halts=(halt(wallet="another"),)), set()),
    ],
)
def test_the_signers_policy_key_and_kill_switch_are_judged(tmp_path: Path, state: SignerState, wrong: set[str]) -> None:
    settings = read_strategy_file(written(tmp_path, changed(mode="live"))).settings
    found = judge(state, settings)
    assert {each.name for each in found if each.verdict is Verdict.WRONG} == wrong
    if "kill switch" in wrong:
        assert "tradewind resume --epoch 7" in found[-1].remedy


@pytest.mark.parametrize(
    ("liquidators", "executes", "verdicts"),
    [
        ((), "engine", [Verdict.WRONG]),
        (("another",), "engine", [Verdict.WRONG]),
        ((builders.SOLANA_WALLET,), "engine", [Verdict.OK]),
        ((), "service", []),
    ],
)
def test_a_policy_without_a_rule_for_liquidations_is_red_for_who_is_to_have_them_signed(
    tmp_path: Path, liquidators: tuple[str, ...], executes: str, verdicts: list[Verdict]
) -> None:
    settings = read_strategy_file(written(tmp_path, changed(mode="live"))).settings
    settings = settings.model_copy(update={"strategy": "liquidation", "executes": executes})
    found = judge(signer_state(liquidators=liquidators), settings)
    told = [each for each in found if each.name == "liquidations"]
    assert [each.verdict for each in told] == verdicts
    assert all("[chains.101.liquidations]" in each.remedy for each in told if each.verdict is Verdict.WRONG)
