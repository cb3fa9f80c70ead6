"""Runs the demo on Solana: one intent over HTTP, followed to its end, then judged by what the node says."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from solders.pubkey import Pubkey
from solders.signature import Signature

from tradewind.cli.demo.run import PATIENCE_S
from tradewind.cli.demo.solana_scene import SolanaScene
from tradewind.cli.demo.solana_verdict import SolanaEvidence, SolanaPromise, SolanaWallet, judge_solana
from tradewind.cli.demo.story import Story
from tradewind.cli.demo.verdict import Check
from tradewind.cli.service import async_service_of
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.intent import Intent
from tradewind.domain.token_list import Token
from tradewind.errors import Misconfigured, Unavailable
from tradewind.localnet.solana.configuration import STRATEGY_ID
from tradewind.observability.clock import Clock
from tradewind.streaming.verification import verify_file
from tradewind.venues.solana.fees import RECEIPT_RENT_LAMPORTS

SOLD_SOL = Decimal(2)
_BOUGHT = "USDC"
_AMOUNT = slice(64, 72)


@dataclass(frozen=True, slots=True)
class SolanaEnding:
    """The verdict; no checks when nothing was carried out."""

    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether there is a verdict and every statement of it holds."""
        return bool(self.checks) and all(check.holds for check in self.checks)


def solana_story(scene: SolanaScene) -> Story:
    """A story that knows the names of the chain's tokens and pools."""
    names = {pool.pool.lower(): f"{pool.venue} {pool.name}" for pool in scene.chain.description.pools}
    return Story(scene.settings.token_list(), names)


async def run_solana(scene: SolanaScene, story: Story, clock: Clock, changed: Callable[[], None]) -> SolanaEnding:
    """Tell the story into `story`, calling `changed` after each turn of it. Unavailable when it takes too long."""
    body = json.dumps(_intent(scene)).encode()
    started_ns = clock.now_ns()
    story.understood(Intent.model_validate_json(body), started_ns=started_ns, ended_ns=clock.now_ns())
    before = _look(scene)
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
        return SolanaEnding(())
    return SolanaEnding(_judge(scene, story, before))


async def _carry_through(
    scene: SolanaScene, story: Story, clock: Clock, changed: Callable[[], None], body: bytes
) -> None:
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


def _intent(scene: SolanaScene) -> dict[str, object]:
    return {
        "strategy_id": str(STRATEGY_ID),
        "intent_type": "dispose",
        "assets": [
            {"asset": _asset(scene, "SOL"), "amount": str(SOLD_SOL)},
            {"asset": _asset(scene, _BOUGHT)},
        ],
        "constraints": {"max_slippage": "0.005", "time_window_ms": 300_000},
    }


def _asset(scene: SolanaScene, symbol: str) -> dict[str, object]:
    token = _token(scene, symbol)
    return {
        "symbol": token.symbol,
        "address": token.address,
        "decimals": token.decimals,
        "chain_id": SOLANA_MAINNET,
    }


def _token(scene: SolanaScene, symbol: str) -> Token:
    token = scene.settings.token_list().named(SOLANA_MAINNET, symbol)
    if token is None:
        raise Misconfigured("example_unexpected", f"The local market has no {symbol}.")
    return token


def _look(scene: SolanaScene) -> SolanaWallet:
    """By the node itself, which lives in this process: nothing that the service says has a part in it."""
    described = scene.chain.description.wallets[0]
    own = scene.chain.node.account(Pubkey.from_string(scene.wallet), "confirmed")
    held = scene.chain.node.account(Pubkey.from_string(described.token_accounts[_BOUGHT]), "confirmed")
    return SolanaWallet(
        lamports=0 if own is None else own.lamports,
        token_out_raw=0 if held is None else int.from_bytes(held.data[_AMOUNT], "little"),
    )


def _judge(scene: SolanaScene, story: Story, before: SolanaWallet) -> tuple[Check, ...]:
    plan, completed, intent = story.plan, story.completed, story.intent
    if plan is None or completed is None or intent is None:
        return ()
    told = [scene.chain.node.transaction(Signature.from_string(sent.tx_hash)) for sent in story.submitted]
    landed = [event for event in told if event is not None]
    journal = verify_file(scene.settings.journal_file)
    evidence = SolanaEvidence(
        before=before,
        after=_look(scene),
        signatures=tuple(str(event.signature) for event in landed),
        all_succeeded=all(event.err is None for event in landed),
        fee_lamports=sum(event.meta.fee for event in landed),
        receipt_lamports=RECEIPT_RENT_LAMPORTS * len(landed),
        journal_rows=journal.rows,
        journal_fault=journal.fault,
    )
    promise = SolanaPromise(
        token_out=_token(scene, _BOUGHT),
        sold_lamports=intent.sized.amount_raw or 0,
        quoted_out_raw=plan.quoted_out_raw,
        max_slippage_ppm=intent.constraints.max_slippage_ppm,
        filled_out_raw=completed.filled_out_raw,
        signatures=tuple(sent.tx_hash for sent in story.submitted),
    )
    return judge_solana(promise, evidence)
