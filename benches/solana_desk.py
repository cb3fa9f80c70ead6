"""A desk to measure on a local Solana: the chain and the signer as processes of their own, the executor in this one.

The journal and the gate lie on the disk of the build. Lanes, limits and configurations are those that the local chain
is shipped with, but for a rate that no measurement reaches.
"""

import asyncio
import os
import secrets
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter_ns
from uuid import UUID, uuid4

from tests.e2e.deployment import ROOT, Deployment
from tradewind import core
from tradewind.bootstrap.solana_access import SolanaAccess
from tradewind.cli.signer_binary import find_signer
from tradewind.domain.events import Envelope
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.execution.executor_service import ExecutorService
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.execution import ExecutorConfig
from tradewind.execution.executors.ports import Reservation, Wallets
from tradewind.execution.executors.selector import ExecutorSelector
from tradewind.execution.executors.stages import Stage
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.solana.lanes import JitoTips
from tradewind.localnet.solana import SolanaLocalnetDescription
from tradewind.localnet.solana.configuration import signer_toml
from tradewind.observability import log
from tradewind.observability.clock import SystemClock
from tradewind.observability.executor_metrics import ExecutorMetrics
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.journal import Journal
from tradewind.streaming.recorded import Recorded

SLOT_MS = 50
START_S = 120
PLAN_S = 30
TIP_LAMPORTS = 5_000
# The wallets of the market that are ours; the others are the peer's.
OWN_WALLETS = 2
_NO_LIMIT_PER_S = 10_000
_WALLETS_EVERY_S = 10.0


@dataclass(slots=True)
class Marks:
    """When a plan began and ended each part, by `perf_counter_ns`: the first beginning and the last end count."""

    began_ns: dict[str, int] = field(default_factory=dict)
    ended_ns: dict[str, int] = field(default_factory=dict)
    first_ended_ns: dict[str, int] = field(default_factory=dict)

    def begin(self, part: str) -> None:
        """Now, unless it has begun before."""
        self.began_ns.setdefault(part, perf_counter_ns())

    def end(self, part: str) -> None:
        """Now."""
        self.ended_ns[part] = perf_counter_ns()
        self.first_ended_ns.setdefault(part, self.ended_ns[part])

    def ms(self, part: str, until: str | None = None) -> float:
        """Milliseconds of a part's first passage, or from its beginning to the beginning of the part `until`."""
        end_ns = self.first_ended_ns[part] if until is None else self.began_ns[until]
        return (end_ns - self.began_ns[part]) / 1e6


class TimedWallets:
    """Passes everything on, and notes how long a selection takes."""

    def __init__(self, wallets: Wallets, marks: dict[UUID, Marks]) -> None:
        self._wallets = wallets
        self._marks = marks

    async def reserve(self, plan: ExecutionPlanEvent) -> Reservation:
        """As the wallets do."""
        marks = self._marks[plan.plan_id]
        marks.begin("wallet")
        try:
            return await self._wallets.reserve(plan)
        finally:
            marks.end("wallet")

    async def settle(self, reservation: Reservation, *, slot: int, succeeded: bool) -> None:
        """As the wallets do."""
        await self._wallets.settle(reservation, slot=slot, succeeded=succeeded)

    async def release(self, reservation: Reservation, *, failed: bool) -> None:
        """As the wallets do."""
        await self._wallets.release(reservation, failed=failed)

    def owns(self, wallet: str) -> bool:
        """As the wallets do."""
        return self._wallets.owns(wallet)


class SolanaDesk(Deployment):
    """The signer with the desk's wallets, and what was noted of each plan."""

    def __init__(self, folder: Path, chain: SolanaLocalnetDescription) -> None:
        super().__init__(folder, [chain.urls["rpc"]], signer=find_signer(), replacements={})
        self.chain = chain
        self.wallets = chain.wallets[:OWN_WALLETS]
        self.marks: dict[UUID, Marks] = defaultdict(Marks)
        self._results: dict[UUID, asyncio.Future[ExecutionResultEvent]] = {}
        self._stream: EmbeddedEventStream

    async def prepare(self) -> None:
        """Write the signer's configuration and keys, and end the wallets' cold start."""
        os.chmod(self.folder, 0o700)
        self._write_private("passphrase", secrets.token_hex(16))
        first, *others = (wallet.address for wallet in self.wallets)
        both = ", ".join(f'"{wallet.address}"' for wallet in self.wallets)
        config = signer_toml(self.chain, wallet=first).replace(f'wallets = ["{first}"]', f"wallets = [{both}]")
        more = "".join(f'\n[[wallets]]\naddress = "{other}"\nchains = [101]\n' for other in others)
        (self.folder / "signer.toml").write_text(config + more)
        for wallet in self.wallets:
            key = ["--solana-file", str(wallet.key_file), "--label", wallet.name]
            arguments = ["key", "import", "--keys", "keys.age", *key, "--passphrase-file", "passphrase"]
            await self.run_signer(*arguments, "--work-factor", "2")
        for wallet in self.wallets:
            await self.run_signer(
                "adopt-wallet", "--config", "signer.toml", "--wallet", wallet.address, "--chain", "101"
            )

    async def start_executor(self, stack: AsyncExitStack) -> None:
        """Start the executor service over this chain; the stack ends it."""
        clock = SystemClock()
        urls, genesis = self.chain.urls, self.chain.genesis_hash
        pool = core.RPCConnectionPool(
            [urls["rpc"]], genesis_hash=genesis, requests_per_second=_NO_LIMIT_PER_S, burst=_NO_LIMIT_PER_S
        )
        access = SolanaAccess(
            pool,
            urls=[urls["rpc"]],
            websocket_urls=[urls["websocket"]],
            tip_stream_url=f"{urls['jito'].replace('http', 'ws', 1)}/api/v1/bundles/tip_stream",
            mints=[mint.mint for mint in self.chain.mints],
            clock=clock,
        )
        stack.callback(access.close)
        config = ExecutorConfig(name="bench")
        watch = core.ConfirmationWatch(pool, websocket_urls=[urls["websocket"]])
        signer = SignerClient(self.folder / "signer.sock")
        parts = access.parts(config, signer, watch, options=core.VenueOptions(), lookup_tables=())
        leaders = access.leaders(core.TpuLane(pool))
        await leaders.warm_up()
        executors = list(access.executors(config, parts, leaders=leaders, jito=self._jito(access)))
        addresses = [wallet.address for wallet in self.wallets]
        wallets = access.wallet_pool(core.WalletManager(addresses), addresses, every_s=_WALLETS_EVERY_S)
        for loop in (wallets.run(), *access.loops()):
            stack.push_async_callback(end_tasks, asyncio.create_task(loop))
        journal = Journal.open(self.folder / "journal.db")
        stack.callback(journal.close)
        self._stream = EmbeddedEventStream(journal, clock)
        stack.push_async_callback(self._stream.close)
        self._stream.tap(self._hear)
        self._watch(executors)
        service = ExecutorService(
            name="bench",
            stream=self._stream,
            journal=journal,
            selector=ExecutorSelector({one.method: one for one in executors}),
            gate=parts.gate,
            wallets=TimedWallets(wallets, self.marks),
            metrics=ExecutorMetrics("bench"),
            clock=clock,
            run_id=uuid4(),
        )
        await service.start()
        stack.push_async_callback(service.stop, "end of the bench")

    async def execute(self, plan: ExecutionPlanEvent) -> tuple[ExecutionResultEvent, Marks]:
        """Hand a plan to the service, as a planner does, and wait for the result in its journal."""
        marks, ended = self.marks[plan.plan_id], asyncio.get_running_loop().create_future()
        self._results[plan.plan_id] = ended
        marks.begin("total")
        await self._stream.publish(Envelope.about_plan(plan, at_ns=SystemClock().now_ns()))
        async with asyncio.timeout(PLAN_S):
            return await ended, marks

    def _hear(self, recorded: Recorded) -> None:
        body = recorded.envelope.body
        if isinstance(body, ExecutionResultEvent) and body.is_final:
            self.marks[body.plan_id].end("total")
            self._results[body.plan_id].set_result(body)

    def _watch(self, executors: Iterable[BaseExecutor]) -> None:
        async def begin(stage: Stage, plan: ExecutionPlanEvent) -> None:
            self.marks[plan.plan_id].begin(stage.value)

        async def end(stage: Stage, plan: ExecutionPlanEvent) -> None:
            self.marks[plan.plan_id].end(stage.value)

        for executor in executors:
            for stage in Stage:
                executor.stages.before(stage, partial(begin, stage))
                executor.stages.after(stage, partial(end, stage))

    def _jito(self, access: SolanaAccess) -> JitoTips:
        regions = [self.chain.urls["jito"]]
        lane = core.JitoLane(regions, tip_floor_url=f"{regions[0]}/api/v1/bundles/tip_floor")
        policy = core.TipPolicy(floor_lamports=TIP_LAMPORTS, cap_lamports=TIP_LAMPORTS)
        return access.tips(lane, policy, regions=regions)


@asynccontextmanager
async def solana_desk() -> AsyncIterator[SolanaDesk]:
    """Everything running; its folder is removed at the end."""
    log.configure("error")
    scratch = ROOT / "build"
    scratch.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=scratch)))
        desk = SolanaDesk(folder, await stack.enter_async_context(_chain(folder / "wallets")))
        await desk.prepare()
        stack.push_async_callback(desk.stop)
        await desk.start_signer()
        await desk.start_executor(stack)
        yield desk


@asynccontextmanager
async def _chain(keys: Path) -> AsyncIterator[SolanaLocalnetDescription]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "localnet", "solana", "--json", "--port", "0"),
        *("--slot-ms", str(SLOT_MS), "--keys", str(keys)),
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the local Solana did not start")
        yield SolanaLocalnetDescription.model_validate_json(line)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_S):
            await process.wait()
