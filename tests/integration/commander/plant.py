"""Everything that a live arbitrage needs, each part a process that can be killed: signer, feed, commander, engine."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey

from tests.e2e.deployment import FAILPOINTS
from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana
from tests.integration.commander.test_commands import SOURCES
from tests.integration.commander.test_real_engine import file_for
from tests.integration.engine.cuttable import Cuttable, cuttable
from tests.integration.engine.engine_process import ENGINE
from tests.integration.engine.trading import BOTH_VENUES, send
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap, associated
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState, current_state
from tradewind.commander.leftover import started_at

RESTART = {"first_pause_ms": 1, "longest_pause_ms": 200, "most_crashes": 1_000, "within_ms": 1_000}
PREFLIGHT = {"most_latency_ms": 60_000, "most_lag_slots": 100_000, "most_clock_offset_ms": 86_400_000}
PARTS = ("engine", "signer", "feed", "commander")


class Plant:
    """`kill` some parts together, `mend` what nobody starts again by itself, and see that it trades."""

    def __init__(self, deployment: SolanaDeployment, feed: Cuttable) -> None:
        self.deployment = deployment
        self.feed = feed
        self.desk = deployment.folder
        self.folder = InstanceFolder(self.desk / "commander-data", InstanceName.parse("arb"))
        self._commander: asyncio.subprocess.Process | None = None
        self._swaps = 0

    def configure(self) -> None:
        """The file of the strategy, over the feed that can be cut."""
        content = file_for(self.deployment, self.desk)
        content["chain"]["websocket"] = self.feed.url
        content["commander"] |= {"restart": RESTART, "preflight": {**PREFLIGHT, "least_free_bytes": 1}}
        (self.desk / "arb.json").write_text(json.dumps(content, indent=2))

    async def start_commander(self) -> None:
        """`tradewind run`; its words are in commander.log."""
        with (self.desk / "commander.log").open("ab") as log:
            self._commander = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tradewind.cli", "run", "-s", "arb", "-c", "arb.json", "--json"),
                cwd=self.desk,
                env={**os.environ, "PYTHONPATH": SOURCES, "TRADEWIND_ENGINE": str(ENGINE)},
                stdout=log,
                stderr=log,
            )

    async def kill(self, parts: set[str]) -> None:
        """SIGKILL to all of them at once; the feed's connections are cut."""
        state = self.state()
        if "feed" in parts:
            self.feed.cut()
        victims = {
            "engine": state.pid if state else None,
            "signer": self.deployment.signer.pid if self.deployment.signer else None,
            "commander": self._commander.pid if self._commander else None,
        }
        for pid in [pid for part, pid in victims.items() if part in parts and pid is not None]:
            if started_at(pid) is not None:
                os.kill(pid, signal.SIGKILL)
        if "signer" in parts:
            await self.deployment.until_dead(self.deployment.signer)
        if "commander" in parts:
            await self._commander_ended()
        if {"engine", "commander"} & parts:
            await self._gone(victims["engine"])

    async def mend(self, parts: set[str]) -> None:
        """What a person, or a service manager, does."""
        if "feed" in parts:
            self.feed.mend()
        if "signer" in parts:
            await self.deployment.start_signer()
        if "commander" in parts:
            await self.start_commander()

    async def stop(self) -> int:
        """Ctrl-C; the exit code of the commander."""
        assert self._commander is not None
        self._commander.send_signal(signal.SIGINT)
        return await self._commander_ended()

    def state(self) -> InstanceState | None:
        """What is known of the instance."""
        return current_state(self.folder)

    def said(self, event: str) -> list[dict[str, Any]]:
        """Every line of this event, of all lives."""
        content = self.folder.log.read_text() if self.folder.log.exists() else ""
        lines = [json.loads(line) for line in content.splitlines() if line.startswith("{") and line.endswith("}")]
        return [line for line in lines if line["event"] == event]

    async def until_more(self, event: str, seen: int) -> None:
        """Return once the engine has said it more often than that."""
        async with asyncio.timeout(60):
            while len(self.said(event)) <= seen:
                await asyncio.sleep(0.02)

    async def slots(self, count: int) -> None:
        """Return so many slots later."""
        node = self.deployment.chain.node
        end = node.slot + count
        async with asyncio.timeout(60):
            while node.slot < end:
                await asyncio.sleep(0.005)

    async def keep_swapping(self, chance: random.Random) -> None:
        """Somebody else trades to and fro in one pool, on and on."""
        chain = self.deployment.chain
        pool = chain.description.pool(*BOTH_VENUES[0])
        other, wind = chain.wallets["third"], Pubkey.from_string(pool.base_mint)
        while True:
            for mint in (WSOL, wind):
                account = chain.node.account(associated(other.pubkey(), mint), "processed")
                assert account is not None
                held_raw = int.from_bytes(account.data[64:72], "little")
                # Never the same bytes twice: a blockhash outlives a round.
                self._swaps += 1
                amount_raw = held_raw * chance.randint(20, 60) // 100 + self._swaps
                send(chain, other, [amm_v4_swap(pool, other.pubkey(), mint, amount_raw, 1)])
                await self.slots(4)

    async def _commander_ended(self) -> int:
        assert self._commander is not None
        async with asyncio.timeout(60):
            return await self._commander.wait()

    @staticmethod
    async def _gone(pid: int | None) -> None:
        async with asyncio.timeout(30):
            while pid is not None and started_at(pid) is not None:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def planted(folder: Path) -> AsyncIterator[Plant]:
    """The chain and the signer run; the commander does not yet."""
    async with (
        deployed_on_solana(folder, signer=FAILPOINTS, start=False) as deployment,
        cuttable(deployment.chain.description.urls["websocket"]) as feed,
    ):
        await deployment.start_signer()
        plant = Plant(deployment, feed)
        plant.configure()
        try:
            yield plant
        finally:
            await plant.kill({"commander"})
