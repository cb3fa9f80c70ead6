"""What a supervisor works with, and what may be asked of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from tradewind.commander.crash_report import CrashReport
from tradewind.commander.engine_binary import EngineCommand
from tradewind.commander.engine_line import EngineLine
from tradewind.commander.event_relay import Publisher
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.instance_state import InstanceState
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.triage.triaging import Triaging
from tradewind.observability.clock import Clock

Halt = Callable[[StrategySettings, str], Awaitable[None]]
Preflight = Callable[[StrategySettings], Awaitable[None]]
Heard = Callable[[InstanceFolder, EngineLine], None]
WISH_EVERY_S = 0.2


async def no_preflight(_: StrategySettings) -> None:
    """For those who have looked already."""


@dataclass(frozen=True, slots=True)
class SupervisorParts:
    """What a supervisor works with. `halt(settings, reason)` returns once its wallet is halted; `preflight` raises.

    `publishing` opens the stream that the engine's events go to, for as long as the instance is run.
    """

    clock: Clock
    command: EngineCommand
    environment: Mapping[str, str]
    halt: Halt
    preflight: Preflight = no_preflight
    publishing: Callable[[InstanceFolder], AbstractAsyncContextManager[Publisher]] | None = None
    triaging: Triaging | None = None
    leash: Sequence[str] = ()
    on_state: Callable[[InstanceState], None] = lambda _: None
    on_line: Heard = lambda _, __: None
    on_crash: Callable[[CrashReport], None] = lambda _: None
    wish_every_s: float = WISH_EVERY_S


@dataclass(slots=True)
class Asked:
    """What is asked of the supervisor while an engine runs."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    restart: asyncio.Event = field(default_factory=asyncio.Event)
    by: str = ""
