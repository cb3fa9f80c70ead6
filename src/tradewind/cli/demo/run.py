"""Runs the demo: one intent over HTTP, followed to its end, then judged by what the chain says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tradewind.cli.demo.scene import Scene
from tradewind.cli.demo.story import Story
from tradewind.cli.demo.verdict import Check, Evidence, Promise, judge
from tradewind.cli.demo.witness import WalletState, Witness
from tradewind.cli.examples import example
from tradewind.cli.service import async_service_of
from tradewind.domain.intent import Intent
from tradewind.domain.plan import ExecutionPlan
from tradewind.domain.token_list import Token
from tradewind.errors import Misconfigured, Unavailable
from tradewind.observability.clock import Clock
from tradewind.settings import Settings, UniswapV3Settings
from tradewind.streaming.verification import verify_file

PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Ending:
    """What the chain was asked, and the verdict; no checks when nothing was carried out."""

    promise: Promise | None
    evidence: Evidence | None
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether there is a verdict and every statement of it holds."""
        return bool(self.checks) and all(check.holds for check in self.checks)


def new_story(scene: Scene) -> Story:
    """A story that knows the names of the chain's tokens and pools."""
    names = {
        pool.address.lower(): f"{pool.base.symbol}/{pool.quote.symbol} {pool.fee_pips / 10_000:g} %"
        for pool in scene.chain.pools
    }
    return Story(scene.settings.token_list(), names)


async def run(scene: Scene, story: Story, clock: Clock, changed: Callable[[], None]) -> Ending:
    """Tell the story into `story`, calling `changed` after each turn of it. Unavailable when it takes too long."""
    body = example("intent.json").encode()
    started_ns = clock.now_ns()
    story.understood(Intent.model_validate_json(body), started_ns=started_ns, ended_ns=clock.now_ns())
    async with Witness(scene.chain.rpc_url) as witness:
        before = await _look(witness, scene, story)
        story.stages[1].started_ns = clock.now_ns()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await _carry_through(scene, story, clock, changed, body)
        except TimeoutError:
            raise Unavailable(
                "demo_unfinished",
                f"The intent was not done within {PATIENCE_S} s.",
                remedy="Run the demo with --keep and look at service.log and signer.log in its folder.",
            ) from None
        if story.plan is None or story.completed is None:
            return Ending(None, None, ())
        return await _judge(witness, scene, story, story.plan, before)


async def _carry_through(scene: Scene, story: Story, clock: Clock, changed: Callable[[], None], body: bytes) -> None:
    async with async_service_of(scene.config, url=scene.url) as service:
        receipt = await service.submit(body)
        story.accepted(receipt.id, receipt.priority, status=202, ended_ns=clock.now_ns())
        changed()
        async for heard in service.follow(receipt.id):
            story.hear(heard.envelope)
            changed()
        shown = await service.intent(receipt.id)
        if story.completed is not None:
            story.settled(at_ns=clock.now_ns(), status=shown.status)
        changed()


async def _look(witness: Witness, scene: Scene, story: Story) -> WalletState:
    wallet, token_in, token_out = _parties(scene.settings, story)
    return await witness.wallet(
        wallet, token_in=token_in.address, token_out=token_out.address, router=_venue(scene.settings, story).router
    )


async def _judge(witness: Witness, scene: Scene, story: Story, plan: ExecutionPlan, before: WalletState) -> Ending:
    wallet, token_in, token_out = _parties(scene.settings, story)
    after = await _look(witness, scene, story)
    promise = Promise(
        wallet=wallet,
        token_in=token_in,
        token_out=token_out,
        wanted_out_raw=_intent(story).sized.amount_raw or 0,
        max_slippage_ppm=_intent(story).constraints.max_slippage_ppm,
        quoted_in_raw=plan.quoted_in_raw,
        tx_hashes=tuple(sent.tx_hash for sent in story.submitted),
    )
    quote = await _chain_quote_in_raw(witness, _venue(scene.settings, story).quoter, plan)
    journal = verify_file(scene.settings.journal_file)
    evidence = Evidence(
        before=before,
        after=after,
        transactions=await witness.transactions_from(wallet, after_block=before.block, up_to_block=after.block),
        chain_quote_in_raw=quote,
        journal_rows=journal.rows,
        journal_fault=journal.fault,
    )
    return Ending(promise, evidence, judge(promise, evidence))


async def _chain_quote_in_raw(witness: Witness, quoter: str, plan: ExecutionPlan) -> int:
    """The quoter's answers for the legs, one by one: legs of the shipped example share no pool."""
    asked = [
        await witness.quote_exact_output(
            quoter,
            path=[leg.hops[0].token_in, *(hop.token_out for hop in leg.hops)],
            fees_pips=[hop.fee_pips for hop in leg.hops],
            amount_out_raw=leg.amount_out_raw,
            block=plan.block.number,
        )
        for leg in plan.legs
    ]
    return sum(asked)


def _intent(story: Story) -> Intent:
    if story.intent is None:
        raise Misconfigured("example_unexpected", "The demo has no intent.")
    return story.intent


def _parties(settings: Settings, story: Story) -> tuple[str, Token, Token]:
    intent = _intent(story)
    tokens = settings.token_list()
    strategy = next((s for s in settings.strategies.values() if s.id == intent.strategy_id), None)
    token_in = tokens.get(intent.chain_id, intent.counter.asset.address)
    token_out = tokens.get(intent.chain_id, intent.sized.asset.address)
    if strategy is None or token_in is None or token_out is None:
        raise Misconfigured("example_unexpected", "The shipped intent and configuration do not fit together.")
    return strategy.wallet, token_in, token_out


def _venue(settings: Settings, story: Story) -> UniswapV3Settings:
    venue = settings.chains[_intent(story).chain_id].venues.uniswap_v3
    if venue is None:
        raise Misconfigured("example_unexpected", "The shipped configuration has no venue.")
    return venue
