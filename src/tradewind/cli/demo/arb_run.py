"""Runs the arbitrage demo: somebody moves the market, the engine takes what that leaves, the node judges."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction

import httpx
from solders.pubkey import Pubkey

from tradewind import core
from tradewind.cli.demo.arb_scene import ArbScene
from tradewind.cli.demo.arb_story import ArbStory, Move
from tradewind.cli.demo.arb_verdict import ArbEvidence, ArbWallet, judge_arb
from tradewind.cli.demo.run import PATIENCE_S
from tradewind.cli.demo.verdict import Check
from tradewind.commander.commander import Outcome
from tradewind.commander.relaying import meanwhile
from tradewind.commander.rules.market import prices_of
from tradewind.domain.chain import SOLANA_MAINNET, WRAPPED_SOL
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.errors import TradewindError, Unavailable
from tradewind.localnet.solana.somebody import Somebody
from tradewind.observability.clock import Clock
from tradewind.streaming.journal import Journal
from tradewind.streaming.verification import verify_file
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.pool_book import PoolBook

# Of what the mover holds: a swap that the engine cannot miss.
_MOVED_PERCENT = 40
# As many slots without a plan under way, and the market is calm.
_CALM_SLOTS = 5
_LOOK_EVERY_S = 0.05
_AMOUNT = slice(64, 72)


@dataclass(frozen=True, slots=True)
class ArbEnding:
    """The verdict; no checks when nothing was carried out."""

    checks: tuple[Check, ...]
    results: tuple[ExecutionResultEvent, ...] = field(default_factory=tuple)

    @property
    def holds(self) -> bool:
        """Whether there is a verdict and every statement of it holds."""
        return bool(self.checks) and all(check.holds for check in self.checks)


async def run_arb(
    scene: ArbScene, story: ArbStory, clock: Clock, changed: Callable[[], None], *, moves: int
) -> ArbEnding:
    """Move the market so often; call `changed` whenever something is new. Unavailable when it takes too long."""
    before = _look(scene)
    spreads: list[int] = []
    async with _commanded(scene) as running, _watched(scene, story, clock, changed, before=before):
        try:
            async with asyncio.timeout(PATIENCE_S * (1 + moves)):
                await _until(lambda: story.phase == "running" or running.done(), clock, running)
                await _calm(scene, story, clock, running, seen=-1)
                for number in range(moves):
                    spreads.append(await _move(scene, story, clock, number))
                    changed()
                    await _calm(scene, story, clock, running, seen=len(story.trades))
        except TimeoutError:
            raise Unavailable(
                "demo_unfinished",
                f"Not everything was done in time; the engine is {story.phase}: {story.because}.",
                remedy="Run it with --keep and look at commander-data/arb/demo/engine.log in its folder.",
            ) from None
        spread = _spread_of(scene)
        scene.commander.stop(by="the demo")
        await running
    story.changed_raw = _look(scene).wrapped_raw - before.wrapped_raw
    changed()
    results = _results(scene)
    signatures = await _signatures(scene)
    checks = _judge(
        scene, story, before=before, signatures=signatures, results=results, spreads_ppm=(spreads[-1], spread)
    )
    return ArbEnding(checks, results)


@asynccontextmanager
async def _commanded(scene: ArbScene) -> AsyncIterator["asyncio.Task[list[Outcome]]"]:
    running = asyncio.create_task(scene.commander.run())
    try:
        yield running
    finally:
        scene.commander.stop(by="the demo")
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def _watched(
    scene: ArbScene, story: ArbStory, clock: Clock, changed: Callable[[], None], *, before: ArbWallet
) -> AsyncIterator[None]:
    """The prices, and what the wallet has, are read from the chain meanwhile, as anybody can."""
    pool = core.RPCConnectionPool([scene.chain.rpc_url], genesis_hash=scene.chain.description.genesis_hash)
    book = PoolBook(SolanaCluster(pool, chain_id=SOLANA_MAINNET), story.pools, ())

    async def look() -> None:
        while True:
            try:
                await book.sync()
                story.priced(prices_of(book.graph, book.pools))
            except TradewindError:
                pass
            story.changed_raw = _look(scene).wrapped_raw - before.wrapped_raw
            changed()
            await clock.sleep(_LOOK_EVERY_S)

    try:
        async with meanwhile(look()):
            yield
    finally:
        pool.close()


async def _until(holds: Callable[[], bool], clock: Clock, running: "asyncio.Task[list[Outcome]]") -> None:
    """Return when it holds; raise what ended the engine before."""
    while not holds():
        await clock.sleep(_LOOK_EVERY_S)
    if running.done():
        for outcome in running.result():
            if outcome.error is not None:
                raise outcome.error
            why = ": ".join(filter(None, [outcome.state.because, outcome.state.reload_fault]))
            raise Unavailable(
                "engine_ended",
                f"The engine has ended: {why.rstrip('.')}.",
                remedy="Build it from this tree, or run the demo with --keep and look at its engine.log.",
            )


async def _calm(
    scene: ArbScene, story: ArbStory, clock: Clock, running: "asyncio.Task[list[Outcome]]", *, seen: int
) -> None:
    """Return when more was traded than `seen`, and nothing more for some slots."""
    last, since = -1, scene.chain.node.slot

    def calm() -> bool:
        nonlocal last, since
        if running.done():
            return True
        if len(story.trades) != last or story.under_way:
            last, since = len(story.trades), scene.chain.node.slot
        return len(story.trades) > max(seen, 0) and scene.chain.node.slot >= since + _CALM_SLOTS

    await _until(calm, clock, running)


async def _move(scene: ArbScene, story: ArbStory, clock: Clock, number: int) -> int:
    """Somebody sells SOL into one of the pools, and the next time WIND; how far they are apart then."""
    somebody, pool = Somebody(scene.chain, "third"), scene.pools[0]
    mint = WRAPPED_SOL if number % 2 == 0 else pool.base_mint
    described = next(one for one in scene.chain.description.mints if one.mint == mint)
    amount_raw = somebody.holds_raw(mint) * _MOVED_PERCENT // 100
    somebody.sells(pool, mint, amount_raw)
    move = Move(amount_raw, described.symbol, described.decimals, clock.now_ns(), _spread_of(scene))
    story.moved(move)
    return move.spread_ppm


def _spread_of(scene: ArbScene) -> int:
    """By the vaults' balances in the newest slot, before the engine did anything about it."""
    prices = []
    for pool in scene.pools:
        base, quote = (_held(scene, vault, "processed") for vault in (pool.base_vault, str(pool.quote_vault)))
        prices.append(Fraction(quote, base))
    low, high = sorted(prices)
    return int((high - low) * 1_000_000 / low)


def _held(scene: ArbScene, account: str, commitment: str = "confirmed") -> int:
    found = scene.chain.node.account(Pubkey.from_string(account), commitment)  # type: ignore[arg-type]
    return 0 if found is None else int.from_bytes(found.data[_AMOUNT], "little")


def _look(scene: ArbScene) -> ArbWallet:
    """By the node itself, which lives in this process: nothing that the engine says has a part in it."""
    own = scene.chain.node.account(Pubkey.from_string(scene.wallet), "confirmed")
    wrapped = scene.chain.description.wallets[0].token_accounts["SOL"]
    return ArbWallet(lamports=0 if own is None else own.lamports, wrapped_raw=_held(scene, wrapped))


async def _signatures(scene: ArbScene) -> tuple[str, ...]:
    """Every transaction of the wallet since the chain began, by plain JSON-RPC."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "getSignaturesForAddress"}
    async with httpx.AsyncClient(timeout=10) as client:
        parameters = [scene.wallet, {"commitment": "confirmed"}]
        answer = await client.post(scene.chain.rpc_url, json={**asked, "params": parameters})
    return tuple(str(found["signature"]) for found in reversed(answer.json()["result"]))


def _results(scene: ArbScene) -> tuple[ExecutionResultEvent, ...]:
    journal = Journal.open(scene.instance.path / "journal.db")
    try:
        rows = journal.read(types=["ExecutionResultEvent"], limit=10_000)
        return tuple(row.envelope.body for row in rows if isinstance(row.envelope.body, ExecutionResultEvent))
    finally:
        journal.close()


def _judge(
    scene: ArbScene,
    story: ArbStory,
    *,
    before: ArbWallet,
    signatures: tuple[str, ...],
    results: tuple[ExecutionResultEvent, ...],
    spreads_ppm: tuple[int, int],
) -> tuple[Check, ...]:
    verified = verify_file(scene.instance.path / "journal.db")
    return judge_arb(
        ArbEvidence(
            before=before,
            after=_look(scene),
            signatures=signatures,
            results=results,
            open_at_end=story.open_at_end,
            spreads_ppm=spreads_ppm,
            journal_rows=verified.rows,
            journal_fault=verified.fault,
        )
    )
