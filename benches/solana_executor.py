"""P11: from a plan to its result on a local Solana, part by part, against what each part may take and a peer in Node.

Ours and the peer take turns on one chain, each with wallets of its own, over the same lanes and with the same plan.
"""

import asyncio
import random
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from solders.keypair import Keypair

from benches.disk import fdatasync_us
from benches.line_process import LineProcess
from benches.peers.node_peer import node_peer
from benches.row import Row
from benches.solana_desk import OWN_WALLETS, SLOT_MS, TIP_LAMPORTS, SolanaDesk, solana_desk
from benches.solana_effect import Effect, effect_of
from benches.solana_times import PEERS_LANES, Times, rows
from tradewind import core
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.execution_plan_event import (
    ExecutionMethod,
    ExecutionPlanEvent,
    PlanExecutor,
    PlanStrategy,
    SwapRoute,
)
from tradewind.domain.execution_result_event import ExecutionResultEvent, ResultStatus
from tradewind.localnet.solana.configuration import STRATEGY_ID
from tradewind.localnet.solana.description import DescribedPool
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.pool_book import PoolBook

ROUNDS = 20
WARM_UP = 2
SEED = 11
LANES = {"rpc": ExecutionMethod.RPC, "jito": ExecutionMethod.JITO_BUNDLE, "tpu": ExecutionMethod.TPU_DIRECT}
# The peer asks for its signature's status once a slot; the usual 2 s of mainnet are five slots.
POLLS = {"peer": SLOT_MS, "patient": 5 * SLOT_MS}
AMOUNT_IN_RAW = 15_000_000
SLIPPAGE_BPS = 50
BPS = 10_000
PLAN_MS = 30_000
UNIT_LIMIT = 200_000
MICRO_LAMPORTS_PER_UNIT = 10_000
# The block engine answers each of its users once a second.
BUNDLE_EVERY_S = 1.1


def run() -> Iterator[Row]:
    """The rows of P11, and that of a signature through the gate."""
    yield from rows(asyncio.run(_measure()))


async def _measure() -> Times:
    times = Times()
    async with solana_desk() as desk:
        with node_peer("solana_executor") as peer:
            bench = _Bench(desk, peer, times)
            await bench.prepare()
            for number in range(WARM_UP + ROUNDS):
                for lane in LANES:
                    await bench.round(lane, number)
        times.sync_us = fdatasync_us(desk.folder)
    return times


class _Bench:
    """Both sides, the chain they share, and who plans for them."""

    def __init__(self, desk: SolanaDesk, peer: LineProcess, times: Times) -> None:
        self._desk = desk
        self._peer = peer
        self._times = times
        self._chance = random.Random(SEED)  # noqa: S311 - when a plan comes within a slot
        self._sent_s: dict[str, float] = {}
        chain = desk.chain
        self._pool: DescribedPool = chain.pool("raydium_amm_v4", "SOL/USDC")
        self._cluster = SolanaCluster(
            core.RPCConnectionPool([chain.urls["rpc"]], genesis_hash=chain.genesis_hash), chain_id=SOLANA_MAINNET
        )
        self._book = PoolBook(self._cluster, [self._pool.pool], [mint.mint for mint in chain.mints])

    async def prepare(self) -> None:
        """Tell the peer what it may know before a plan comes."""
        chain = self._desk.chain
        told = await asyncio.to_thread(
            self._peer.ask,
            op="load",
            rpc=chain.urls["rpc"],
            jito=chain.urls["jito"],
            wallets=[Keypair.from_base58_string(one.secret_key).secret().hex() for one in chain.wallets[OWN_WALLETS:]],
            pool={"coin_vault": self._pool.base_vault, "pc_vault": self._pool.quote_vault},
            mints=[self._pool.base_mint, self._pool.quote_mint],
            tip={"account": chain.tip_accounts[0], "lamports": TIP_LAMPORTS},
        )
        self._times.kit = f"@solana/kit {told['version']}"

    async def round(self, lane: str, number: int) -> None:
        """Each side once, whoever's turn it is first."""
        sides = ["ours", *(POLLS if lane in PEERS_LANES else ())]
        turn = number % len(sides)
        took: dict[str, Mapping[str, float]] = {}
        for side in sides[turn:] + sides[:turn]:
            await self._wait_for(side, lane)
            plan = await self._plan(lane)
            took[side] = await (self._ours(plan) if side == "ours" else self._peers(plan, lane, side))
        if number >= WARM_UP:
            self._note(lane, took)

    def _note(self, lane: str, took: dict[str, Mapping[str, float]]) -> None:
        ours = took["ours"]
        submit = {} if lane == "rpc" else {lane: ours["submit"]}
        self._times.note(**{part: ours[part] for part in ("taken", "build", "wallet", "sign", "gate")}, **submit)
        if lane not in PEERS_LANES:
            for part in ("stage", "total"):
                self._times.over_tpu.setdefault(part, []).append(ours[part])
            return
        for part in ("gate", "stage", "total", "handed"):
            self._times.pair(part, lane, ours=ours[part], peer=took["peer"][part])
        self._times.pair("patient", lane, ours=ours["total"], peer=took["patient"]["total"])

    async def _wait_for(self, side: str, lane: str) -> None:
        """A plan may come at any moment of a slot."""
        wait_s = self._chance.random() * SLOT_MS / 1_000
        if lane == "jito":
            wait_s += max(0.0, self._sent_s.get(side, 0.0) + BUNDLE_EVERY_S - time.monotonic())
        await asyncio.sleep(wait_s)
        if lane == "jito":
            self._sent_s[side] = time.monotonic() + SLOT_MS / 1_000

    async def _plan(self, lane: str) -> ExecutionPlanEvent:
        """Quoted by the pool as it is now."""
        await self._book.sync()
        usdc, sol = self._pool.quote_mint, self._pool.base_mint
        quoted = self._book.graph.quote_exact_in(self._pool.pool, usdc, AMOUNT_IN_RAW)
        now_ms = time.time_ns() // 1_000_000
        return ExecutionPlanEvent(
            plan_id=uuid4(),
            opportunity_id=uuid4(),
            strategy=PlanStrategy.ARBITRAGE,
            execution_method=LANES[lane],
            executor=PlanExecutor.SERVICE,
            routes=(
                SwapRoute(
                    pool=self._pool.pool,
                    venue=self._pool.venue,
                    input_mint=usdc,
                    output_mint=sol,
                    input_amount=AMOUNT_IN_RAW,
                    output_amount=quoted.amount_out_raw,
                    limit_amount=quoted.amount_out_raw * (BPS - SLIPPAGE_BPS) // BPS,
                    accounts=self._book.accounts_of(self._pool.pool),
                ),
            ),
            input_token=usdc,
            output_token=sol,
            input_amount=AMOUNT_IN_RAW,
            expected_profit=0,
            expected_profit_usd=Decimal(0),
            simulation_success=True,
            gas_estimate=UNIT_LIMIT,
            slippage=SLIPPAGE_BPS,
            max_latency=PLAN_MS,
            deadline=now_ms + PLAN_MS,
            priority_fee=MICRO_LAMPORTS_PER_UNIT,
            strategy_id=STRATEGY_ID,
            timestamp=now_ms,
        )

    async def _ours(self, plan: ExecutionPlanEvent) -> Mapping[str, float]:
        result, marks = await self._desk.execute(plan)
        if result.outcome is not ResultStatus.SUCCESS:
            raise RuntimeError(f"the plan failed ({result.error_code}): {result.error}")
        self._times.tally.add_one(right=await self._is_right(result))
        return {
            "taken": marks.ms("total", until="wallet"),
            "wallet": marks.ms("wallet"),
            "build": marks.ms("build"),
            "sign": marks.ms("sign"),
            "submit": marks.ms("submit"),
            "gate": marks.ms("build", until="submit"),
            "stage": marks.ms("total", until="submit"),
            "handed": marks.ms("total", until="submit") + marks.ms("submit"),
            "total": marks.ms("total"),
        }

    async def _is_right(self, result: ExecutionResultEvent) -> bool:
        effect = await self._effect(str(result.signature), str(result.wallet))
        return effect.right and (result.input_amount, result.output_amount) == (effect.paid_raw, effect.got_raw)

    async def _peers(self, plan: ExecutionPlanEvent, lane: str, side: str) -> Mapping[str, float]:
        told: dict[str, Any] = await asyncio.to_thread(
            self._peer.ask,
            op="execute",
            plan=plan.model_dump(mode="json"),
            lane=lane,
            poll_ms=POLLS[side],
            uuid=side,
        )
        effect = await self._effect(told["signature"], told["wallet"])
        self._times.tally.add_one(right=effect.right and int(told["got"]) == effect.got_raw)
        return {
            "gate": told["gate_ms"],
            "stage": told["stage_ms"],
            "handed": told["stage_ms"] + told["submit_ms"],
            "total": told["total_ms"],
        }

    async def _effect(self, signature: str, wallet: str) -> Effect:
        told = await self._cluster.ask(
            "getTransaction",
            signature,
            {"encoding": "json", "commitment": "confirmed", "maxSupportedTransactionVersion": 0},
        )
        mints = self._pool.quote_mint, self._pool.base_mint
        return effect_of(told, wallet=wallet, mints=mints, amount_in_raw=AMOUNT_IN_RAW)
