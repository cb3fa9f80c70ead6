"""A strategy that was scaffolded a moment ago runs on a local Solana as it is, by the commands that it was told."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tests.e2e.deployment import FAILPOINTS
from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana
from tests.integration.engine.engine_process import ENGINE
from tests.integration.engine.trading import BOTH_VENUES, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana.configuration import strategy_yaml


async def test_what_was_scaffolded_is_checked_and_runs_on_paper(tmp_path: Path) -> None:
    async with deployed_on_solana(tmp_path, signer=FAILPOINTS, start=False) as deployment:
        desk = tmp_path / "desk"
        _write_desk(desk, deployment)
        await _said(desk, "new", "strategy", "mine")
        checked = await _said(desk, "run", "--strategy", "mine", "--check", "--json")
        assert json.loads(checked) == {"strategy": "mine", "instance": "main", "mistakes": []}
        running = await _started(desk, "run", "--strategy", "mine", "--json")
        try:
            swap_by_somebody_else(
                deployment.chain, deployment.chain.description.pool(*BOTH_VENUES[0]), str(WSOL), 50_000_000_000
            )
            log = desk / "commander-data" / "mine" / "main" / "engine.log"
            async with asyncio.timeout(60):
                while not log.exists() or '"planned"' not in log.read_text():
                    await asyncio.sleep(0.05)
                    assert running.returncode is None
        finally:
            running.send_signal(signal.SIGINT)
            code = await running.wait()
    assert code == 0
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "strategy_started" in events
    assert "sent" not in events
    assert events[-1] == "engine_stopped"


async def test_a_mistake_of_its_parameters_is_told_by_line_and_nothing_starts(tmp_path: Path) -> None:
    await _said(tmp_path, "new", "strategy", "mine")
    path = tmp_path / "configs" / "strategies" / "mine.yaml"
    path.write_text(path.read_text().replace("min_profit_raw: 100_000", "min_profit: many"))
    line = path.read_text().splitlines().index("  min_profit: many") + 1
    running = await _started(tmp_path, "run", "--strategy", "mine")
    _, error = await running.communicate()
    assert running.returncode == 2
    assert f"line {line}: parameters.min_profit: is not known. Known here: base, min_profit_raw" in error.decode()
    assert not (tmp_path / "commander-data").exists()


def _write_desk(desk: Path, deployment: SolanaDeployment) -> None:
    folder = desk / "configs" / "strategies"
    folder.mkdir(parents=True)
    (folder / "arb.yaml").write_text(strategy_yaml(deployment.chain.description, wallet=deployment.wallet.address))


async def _said(folder: Path, *arguments: str) -> str:
    process = await _started(folder, *arguments)
    output, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    return output.decode()


async def _started(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", *arguments),
        cwd=folder,
        env=os.environ | {"TRADEWIND_ENGINE": str(ENGINE), "HOME": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
