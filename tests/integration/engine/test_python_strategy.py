"""Strategies in Python on the real engine: they trade, they are told what they gained, and they harm nothing else."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana.configuration import STRATEGY_ID

GAP = Path(__file__).with_name("gap.py")


def engine_of(
    deployment: SolanaDeployment,
    tmp_path: Path,
    file: Path = GAP,
    *,
    parameters: dict[str, Any] | None = None,
    python: dict[str, Any] | None = None,
    **changes: Any,
) -> EngineProcess:
    own = {"strategy_id": str(STRATEGY_ID), "lookup_tables": [deployment.chain.description.lookup_table]}
    named = {
        "strategy": "mine",
        "instance": "mine-1",
        "python": {"file": str(file), "interpreter": sys.executable, "start_within_ms": 120_000} | (python or {}),
        "parameters": own | (parameters or {}),
    }
    config = configuration(deployment, BOTH_VENUES, folder=tmp_path / "mine-1", **(named | changes))
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


def written(tmp_path: Path, on_update: str, *, head: str = "", more: str = "") -> Path:
    """A file with this body of on_update."""
    file = tmp_path / "mine.py"
    body = "\n        ".join(on_update.splitlines())
    file.write_text(
        "import os, sys, time\n"
        "from tradewind.strategies import *\n"
        f"{head}\n"
        "class Mine(Strategy[None]):\n"
        "    def on_update(self, update):\n"
        f"        {body}\n"
        f"{more}"
    )
    return file


def open_the_gap(deployment: SolanaDeployment, amount_raw: int = 50_000_000_000) -> None:
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*BOTH_VENUES[0]), str(WSOL), amount_raw)


async def test_a_strategy_lands_a_trade_and_is_told_just_what_the_wallet_gained(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    tokens, lamports = deployment.account_raw("SOL"), deployment.lamports()
    engine = engine_of(deployment, tmp_path)
    await engine.start()
    await engine.until("engine_ready", version=1)
    open_the_gap(deployment)
    await engine.until("executed", status="success")
    await engine.until("strategy_log")
    assert await engine.terminate() == 0
    state = json.loads((tmp_path / "mine-1" / "strategy_state.json").read_text())
    assert state["gained_raw"] > 0
    assert deployment.account_raw("SOL") - tokens == state["gained_raw"]
    assert lamports - deployment.lamports() == state["left_lamports"]
    assert {line["message"].split(":")[0] for line in engine.said("strategy_log")} == {"gap"}
    assert {plan["strategy"] for plan in engine.events("ExecutionPlanEvent")} == {"custom"}
