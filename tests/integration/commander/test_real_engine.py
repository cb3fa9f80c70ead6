"""The commander and the real engine together, live on a local Solana: started, fed, killed, changed, stopped."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.e2e.deployment import FAILPOINTS
from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana
from tests.integration.commander.desk import FAST, Desk
from tests.integration.engine.engine_process import ENGINE
from tests.integration.engine.trading import BOTH_VENUES, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.commander.engine_binary import EngineCommand
from tradewind.commander.event_relay import Publisher
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.localnet.solana.configuration import strategy_yaml
from tradewind.observability.clock import SystemClock
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal

SOLD_RAW = 50_000_000_000


def file_for(deployment: SolanaDeployment, folder: Path) -> dict[str, Any]:
    """What a user writes, for an arbitrage over both venues."""
    resolved = configuration(deployment, BOTH_VENUES, folder=folder / "pools")
    written = {key: value for key, value in resolved.items() if key not in ("version", "instance", "folder")}
    written["inventory"] = {"snapshot": "pools/pools.json", "programs": []}
    written["limits"] = {"max_opportunity_age_ms": 2_000}
    written["commander"] = {"wallet": deployment.wallet.address, "restart": FAST, "stop_within_ms": 10_000}
    return written


@asynccontextmanager
async def into_journal(folder: InstanceFolder) -> AsyncIterator[Publisher]:
    journal = Journal.open(folder.path / "journal.db")
    stream = EmbeddedEventStream(journal, SystemClock())
    yield stream
    await stream.close()
    journal.close()


class LiveDesk(Desk):
    """The engine as cargo built it, in the place of the stand-in."""

    def __init__(self, folder: Path, content: dict[str, Any]) -> None:
        super().__init__(folder)
        self.write(content)

    def write(self, content: dict[str, Any]) -> None:
        self.file.write_text(json.dumps(content, indent=2))

    async def until_said(self, event: str, *, times: int = 1) -> None:
        async with asyncio.timeout(30):
            while len(self.said(event)) < times:
                await asyncio.sleep(0.02)

    def parts(self, **changes: Any) -> Any:
        return super().parts(command=EngineCommand((str(ENGINE),), "as cargo built it"), **changes)


async def test_an_engine_trades_under_its_commander_and_what_it_did_is_in_the_journal(tmp_path: Path) -> None:
    async with deployed_on_solana(tmp_path, signer=FAILPOINTS, start=False) as deployment:
        await deployment.start_signer()
        content = file_for(deployment, tmp_path)
        desk = LiveDesk(tmp_path, content)
        first = deployment.chain.description.pool(*BOTH_VENUES[0])
        tokens_raw = deployment.account_raw("SOL")
        async with desk.running(publishing=into_journal):
            swap_by_somebody_else(deployment.chain, first, str(WSOL), SOLD_RAW)
            await desk.until_said("executed")
            # What is killed comes back, and does nothing a second time.
            pid = desk.states[-1].pid
            # Number 0 would be this process's own group.
            assert pid
            os.kill(pid, signal.SIGKILL)
            await desk.until_said("engine_ready", times=2)
            # What is saved is in force.
            desk.write(content | {"blacklist": [deployment.chain.description.mint("WIND")]})
            await desk.until(lambda state: state.version_in_force == 2)
        journal = Journal.open(desk.folder.path / "journal.db")
        results = [row.envelope.body for row in journal.read(types=["ExecutionResultEvent"])]
        found = journal.read(types=["OpportunityFound"])
        journal.close()
        done = [result for result in results if isinstance(result, ExecutionResultEvent)]
        assert deployment.account_raw("SOL") - tokens_raw == sum(result.actual_profit or 0 for result in done) > 0
        # What was signed in the moment of the kill was told by the gate alone, and has no more than its result.
        assert len({result.opportunity_id for result in done} - {row.envelope.correlation_id for row in found}) <= 1
        landed = [one["signature"] for one in await deployment.landed() if one["err"] is None]
        assert landed == [result.signature for result in done]
        assert desk.said("engine_stopped")[-1]["open"] == []
        assert json.loads((desk.folder.path / "resolved.json").read_text())["version"] == 2


async def test_the_file_that_a_local_chain_writes_is_one_to_trade_by(tmp_path: Path) -> None:
    async with deployed_on_solana(tmp_path, signer=FAILPOINTS, start=False) as deployment:
        await deployment.start_signer()
        described = deployment.chain.description
        desk = LiveDesk(tmp_path, file_for(deployment, tmp_path))
        desk.file = tmp_path / "configs" / "strategies" / "arb.yaml"
        desk.file.parent.mkdir(parents=True)
        desk.file.write_text(strategy_yaml(described, wallet=deployment.wallet.address))
        tokens_raw = deployment.account_raw("SOL")
        async with desk.running():
            swap_by_somebody_else(deployment.chain, described.pool(*BOTH_VENUES[0]), str(WSOL), SOLD_RAW)
            await desk.until_said("executed")
        # Every pool of the two programs was found.
        of_both = [pool for pool in described.pools if pool.venue in {venue for venue, _ in BOTH_VENUES}]
        assert desk.said("pools_loaded")[-1]["pools"] == len(of_both)
        assert deployment.account_raw("SOL") > tokens_raw
