"""The scene of the arbitrage demo: a local Solana, a signer, and a commander with the engine that it starts."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tradewind.cli.demo.arb_story import ArbStory
from tradewind.cli.demo.solana_scene import start_solana_signer
from tradewind.cli.instance_journal import into_journal
from tradewind.commander.commander import BotCommander, Order
from tradewind.commander.engine_binary import find_engine
from tradewind.commander.engine_line import EngineLine
from tradewind.commander.event_relay import Publisher
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState
from tradewind.commander.preflight.examine import examine, refuse_wrong
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.supervisor_parts import SupervisorParts
from tradewind.commander.wallet_halt import halt_wallet
from tradewind.domain.events import Envelope
from tradewind.localnet.anvil import LEASH
from tradewind.localnet.solana.configuration import strategy_yaml
from tradewind.localnet.solana.description import DescribedPool
from tradewind.localnet.solana.localnet import SolanaLocalnet
from tradewind.localnet.solana.options import NodeOptions
from tradewind.observability.clock import SystemClock
from tradewind.streaming.recorded import Recorded

INSTANCE = InstanceName("arb", "demo")
VENUES = ("raydium_amm_v4", "pumpswap")
PAIR = "WIND/SOL"
# Long enough to see a trade land, short enough not to wait for it.
_SLOT_MS = 200


@dataclass(frozen=True, slots=True)
class ArbScene:
    """The chain and the signer run; `commander.run()` starts the engine. The node is the truth of the verdict."""

    folder: Path
    chain: SolanaLocalnet
    wallet: str
    pools: tuple[DescribedPool, DescribedPool]
    instance: InstanceFolder
    commander: BotCommander


@asynccontextmanager
async def arb_scene(
    folder: Path, story: Callable[[SolanaLocalnet], ArbStory], progress: Callable[[str], None]
) -> AsyncIterator[tuple[ArbScene, ArbStory]]:
    """Set it up in an empty folder, and take the processes down again at the end."""
    await asyncio.to_thread(folder.mkdir, mode=0o700, exist_ok=True)
    command = find_engine(os.environ, here=Path.cwd())
    async with AsyncExitStack() as stack:
        progress("Starting a local Solana with the real programs, and the signer")
        chain = await stack.enter_async_context(
            SolanaLocalnet(options=NodeOptions(slot_ms=_SLOT_MS), keys_folder=folder / "wallets", progress=progress)
        )
        await start_solana_signer(folder, chain, stack)
        wallet = chain.description.wallets[0].address
        file = folder / "configs" / "strategies" / "arb.yaml"
        await asyncio.to_thread(file.parent.mkdir, parents=True)
        file.write_text(strategy_yaml(chain.description, wallet=wallet))
        told = story(chain)
        told.engine = command.because
        progress(f"Starting the engine, {command.because}")
        instance = InstanceFolder(folder / "commander-data", INSTANCE)
        hears = _Hears(told, progress if command.builds else lambda _: None)
        parts = SupervisorParts(
            clock=SystemClock(),
            command=command,
            environment=os.environ,
            halt=halt_wallet,
            preflight=_preflight(folder),
            publishing=hears.publishing,
            leash=(sys.executable, "-I", "-S", str(LEASH), str(os.getpid())),
            on_state=hears.state,
            on_line=hears.line,
        )
        commander = BotCommander(
            [Order(INSTANCE, read_strategy_file(file))], root=folder / "commander-data", parts=parts
        )
        pools = (chain.description.pool(VENUES[0], PAIR), chain.description.pool(VENUES[1], PAIR))
        yield ArbScene(folder, chain, wallet, pools, instance, commander), told


class _Hears:
    """What the commander tells goes into the story."""

    def __init__(self, story: ArbStory, building: Callable[[str], None]) -> None:
        self._story = story
        self._building = building

    def state(self, state: InstanceState) -> None:
        self._story.phase, self._story.because = state.phase.value, state.because

    def line(self, _: InstanceFolder, line: EngineLine) -> None:
        if line.event == "text":
            self._building(line.message)
        self._story.line(line)

    @asynccontextmanager
    async def publishing(self, folder: InstanceFolder) -> AsyncIterator[Publisher]:
        async with into_journal(folder) as journal:
            yield _Heard(journal, self._story)


class _Heard:
    """Publishes, and tells what it published."""

    def __init__(self, publisher: Publisher, story: ArbStory) -> None:
        self._publisher = publisher
        self._story = story

    async def publish(self, *events: Envelope) -> list[Recorded]:
        """As the journal does."""
        recorded = await self._publisher.publish(*events)
        for event in events:
            self._story.event(event)
        return recorded


def _preflight(folder: Path) -> Callable[[StrategySettings], Awaitable[None]]:
    async def look(settings: StrategySettings) -> None:
        refuse_wrong(await examine(settings, folder, SystemClock()))

    return look
