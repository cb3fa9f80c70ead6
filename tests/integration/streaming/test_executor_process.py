"""A whole executor as `tradewind executor` wires it: journal, bus, metrics, leases; over a world in memory."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import builders
from tests.integration.streaming.nats_server import NatsServer
from tests.integration.streaming.test_executors_on_the_bus import blocks_coming, planned, plans_for, until_results
from tests.unit.execution.executors.world import World
from tradewind.bootstrap.executor import ExecutorWorld, run_executor
from tradewind.domain.events import Envelope
from tradewind.errors import Misconfigured
from tradewind.execution.executor_settings import ExecutorSettings
from tradewind.execution.executors.memory import MemoryWallets
from tradewind.streaming.nats import NatsBus


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    async with blocks_coming(made):
        yield made


def settings_of(server: NatsServer, folder: Path, **changes: str) -> ExecutorSettings:
    environment = {
        "EXECUTOR_NAME": "executor-1",
        "WALLETS": builders.SOLANA_WALLET,
        "RPC_ENDPOINT": "http://127.0.0.1:1",
        "DATA_DIR": str(folder / "data"),
        "SIGNER_SOCKET": str(folder / "signer" / "signer.sock"),
        "NATS_URL": f"nats://127.0.0.1:{server.port}",
        "METRICS_PORT": "0",
        "TRACES_FILE": str(folder / "spans.jsonl"),
        **changes,
    }
    return ExecutorSettings.load(None, environment)


def in_memory(world: World, settings: ExecutorSettings) -> ExecutorWorld:
    return ExecutorWorld(
        world.gate, MemoryWallets(settings.wallets), (world.rpc_executor(), world.jito_executor(), world.tpu_executor())
    )


async def test_it_executes_counts_and_stops_in_good_order(world: World, server: NatsServer, tmp_path: Path) -> None:
    settings = settings_of(server, tmp_path)
    bus = await NatsBus.open(server.settings(), name="test")
    ready: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_executor(settings, stop=stop, on_ready=ready.set_result, world=in_memory(world, settings), clock=None)
    )
    said = await asyncio.wait_for(ready, 20)
    plans = plans_for(world, 3)
    for plan in plans:
        # The process has the real clock; the deadline is far beyond it.
        await bus.publish(planned(plan.model_copy(update={"deadline": 2**52})))
    await until_results(bus, plans)
    address = f"http://127.0.0.1:{said['metrics_port']}/metrics"
    page = await asyncio.to_thread(lambda: urllib.request.urlopen(address, timeout=5).read().decode())
    assert 'executor_executions_total{executor="executor-1",method="jito_bundle",status="success"} 3.0' in page
    with pytest.raises(Misconfigured) as refused:
        await run_executor(settings, stop=stop, on_ready=print, world=in_memory(world, settings))
    assert refused.value.code == "wallet_in_use"
    stop.set()
    assert await asyncio.wait_for(running, 30) == "signal"
    last = await bus.connection.jetstream.get_last_msg("SYSTEM", "metrics.executor.stopped")
    assert Envelope.from_json(last.data or b"").body.model_dump()["reason"] == "signal"
    await bus.close()
    spans = (tmp_path / "spans.jsonl").read_text()
    assert all(f'"executor.{stage}"' in spans for stage in ("build", "sign", "submit", "confirm"))
    assert world.chain.effects == {str(plan.plan_id): 1 for plan in plans}
