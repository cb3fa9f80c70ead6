"""Executors on a real nats-server: redelivery, duplicates, kills of the server, shared work, halts and shutdowns."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from nats.js.errors import NotFoundError

from tests import builders
from tests.integration.streaming.nats_server import NatsServer
from tests.unit.execution.executor_house import RUN_ID, House
from tests.unit.execution.executors.world import World
from tradewind.domain.events import Envelope, HaltRequested, ShutdownRequested
from tradewind.domain.execution_plan_event import ExecutionPlanEvent, PlanExecutor
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.errors import Misconfigured, Unavailable
from tradewind.execution.executor_bus import BusPlace, ExecutorBus
from tradewind.observability.clock import SystemClock
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.nats import NatsBus

# A busy disk makes every commit slow; nothing here waits by the clock.
PATIENCE_S = 150
WALLETS = ["9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM", "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"]


class Desk:
    """An executor with its journal, joined to the bus; the clock of its world runs fast."""

    def __init__(
        self, world: World, folder: Path, server: NatsServer, *, name: str, wallets: Sequence[str], gate_id: str = "g1"
    ) -> None:
        self.house = House(world, folder, wallets=wallets, name=name)
        self.bus = ExecutorBus(
            server.settings(),
            BusPlace(name, "executor-consumer", gate_id, folder / "relay.db"),
            service=self.house.service,
            stream=self.house.stream,
            journal=self.house.journal,
            clock=SystemClock(),
            run_id=RUN_ID,
        )
        self.joining: asyncio.Task[None] | None = None
        self.is_over = False

    async def start(self) -> None:
        await self.house.service.start()
        self.joining = asyncio.create_task(self.bus.run())

    async def crash(self) -> None:
        """Nothing is said, nothing is finished; only the files are let go."""
        self.is_over = True
        if self.joining is not None:
            await end_tasks(self.joining)
        await self.bus.close(within_s=0)
        await self.house.close()

    async def stop(self) -> None:
        self.is_over = True
        if self.joining is not None:
            await end_tasks(self.joining)
        await self.bus.close()
        await self.house.close()


class Desks:
    """The desks of one test; those that a failure left running crash at its end."""

    def __init__(self, world: World, folder: Path, server: NatsServer) -> None:
        self._world = world
        self._folder = folder
        self._server = server
        self._made: list[Desk] = []

    def make(self, name: str = "executor-1", *, wallets: Sequence[str] = WALLETS, gate_id: str = "g1") -> Desk:
        """Another one of the same name has its files: it is the same executor, started again."""
        desk = Desk(self._world, self._folder / name, self._server, name=name, wallets=wallets, gate_id=gate_id)
        self._made.append(desk)
        return desk

    async def end(self) -> None:
        for desk in self._made:
            if not desk.is_over:
                await desk.crash()


@asynccontextmanager
async def blocks_coming(world: World) -> AsyncIterator[None]:
    async def run() -> None:
        while True:
            await asyncio.sleep(0.002)
            world.chain.height += 1
            await world.clock.advance(0.4)

    running = asyncio.create_task(run())
    yield
    await end_tasks(running)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    async with blocks_coming(made):
        yield made


@pytest.fixture
async def bus(server: NatsServer) -> AsyncIterator[NatsBus]:
    opened = await NatsBus.open(server.settings(), name="test")
    yield opened
    await opened.close()


@pytest.fixture
async def desks(world: World, server: NatsServer, tmp_path: Path) -> AsyncIterator[Desks]:
    made = Desks(world, tmp_path, server)
    yield made
    await made.end()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


def plans_for(world: World, count: int) -> list[ExecutionPlanEvent]:
    deadline = world.clock.now_ns() // 1_000_000 + 10**9
    return [builders.execution_plan(deadline=deadline) for _ in range(count)]


def planned(plan: ExecutionPlanEvent, *, event_id: UUID | None = None) -> Envelope:
    made = Envelope.about_plan(plan, at_ns=builders.START_NS)
    return made.model_copy(update={"id": event_id}) if event_id else made


async def results_on(bus: NatsBus) -> list[ExecutionResultEvent]:
    count = (await bus.connection.jetstream.stream_info("EXECUTED")).state.messages
    messages = [await bus.connection.jetstream.get_msg("EXECUTED", seq=number) for number in range(1, count + 1)]
    bodies = [Envelope.from_json(message.data or b"").body for message in messages]
    return [body for body in bodies if isinstance(body, ExecutionResultEvent)]


async def until_results(bus: NatsBus, plans: list[ExecutionPlanEvent]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while {result.plan_id for result in await results_on(bus) if result.is_final} != {p.plan_id for p in plans}:
            await asyncio.sleep(0.05)


async def until_all_are_acknowledged(bus: NatsBus) -> None:
    """Return once every plan was fetched and acknowledged, again and again delivered ones included."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            info = await bus.connection.jetstream.consumer_info("PLANNED", "executor-consumer")
            if (info.num_ack_pending, info.num_pending) == (0, 0):
                return
            await asyncio.sleep(0.05)


async def until_published(bus: NatsBus, event: Envelope) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await bus.publish(event)
            except Unavailable:
                await asyncio.sleep(0.05)


async def test_a_plan_on_the_bus_becomes_a_result_on_the_bus(world: World, bus: NatsBus, desks: Desks) -> None:
    desk = desks.make()
    await desk.start()
    [plan] = plans_for(world, 1)
    await bus.publish(planned(plan))
    await until_results(bus, [plan])
    message = await bus.connection.jetstream.get_last_msg("EXECUTED", f"executed.success.{plan.opportunity_id}")
    assert message.subject == f"executed.success.{plan.opportunity_id}"
    await desk.stop()


async def test_a_plan_for_the_engine_is_acknowledged_and_left_alone(world: World, bus: NatsBus, desks: Desks) -> None:
    desk = desks.make()
    await desk.start()
    engines, [mine] = builders.execution_plan(executor=PlanExecutor.ENGINE), plans_for(world, 1)
    await bus.publish(planned(engines))
    await bus.publish(planned(mine))
    await until_results(bus, [mine])
    await until_all_are_acknowledged(bus)
    assert desk.house.journal.find(engines.event_id()) is None
    await desk.stop()


async def test_a_plan_delivered_again_under_other_ids_is_executed_once(
    world: World, bus: NatsBus, desks: Desks
) -> None:
    desk = desks.make()
    await desk.start()
    plans = plans_for(world, 5)
    for plan in plans * 3:
        await bus.publish(planned(plan, event_id=uuid4()))
    await until_results(bus, plans)
    await until_all_are_acknowledged(bus)
    info = await bus.connection.jetstream.consumer_info("PLANNED", "executor-consumer")
    assert info.delivered.consumer_seq >= 15
    assert len(desk.house.journal.read(types=["ExecutionPlanEvent"])) == 5
    assert world.chain.effects == {str(plan.plan_id): 1 for plan in plans}
    await desk.stop()


async def test_kills_of_the_server_lose_nothing_and_repeat_nothing(
    world: World, server: NatsServer, bus: NatsBus, desks: Desks
) -> None:
    desk = desks.make()
    await desk.start()
    plans = plans_for(world, 30)
    for plan in plans:
        await bus.publish(planned(plan))
    for _ in range(3):
        done = sum(world.chain.effects.values())
        await until(lambda done=done: sum(world.chain.effects.values()) >= min(30, done + 5))  # type: ignore[misc]
        server.kill()
        await server.start()
        # As a relay does after each new connection: a killed server may have lost what it acknowledged just before.
        for plan in plans:
            await until_published(bus, planned(plan))
    await until_results(bus, plans)
    assert world.chain.effects == {str(plan.plan_id): 1 for plan in plans}
    assert Counter(result.plan_id for result in await results_on(bus) if result.is_final).most_common(1)[0][1] == 1
    await desk.stop()


async def test_an_executor_that_crashes_again_and_again_loses_nothing_and_repeats_nothing(
    world: World, bus: NatsBus, desks: Desks
) -> None:
    plans = plans_for(world, 20)
    for plan in plans:
        await bus.publish(planned(plan))
    for life in range(4):
        desk = desks.make()
        await desk.start()
        await until(lambda life=life: sum(world.chain.effects.values()) >= min(20, 4 * (life + 1)))  # type: ignore[misc]
        await desk.crash()
    desk = desks.make()
    await desk.start()
    await until_results(bus, plans)
    assert world.chain.effects == {str(plan.plan_id): 1 for plan in plans}
    await desk.stop()


async def test_two_executors_share_the_work_and_no_wallet(world: World, bus: NatsBus, desks: Desks) -> None:
    both = [
        desks.make(name, wallets=[wallet]) for name, wallet in zip(("executor-1", "executor-2"), WALLETS, strict=True)
    ]
    for desk in both:
        await desk.start()
    await until(lambda: all(desk.bus.is_joined.is_set() for desk in both))
    plans: list[ExecutionPlanEvent] = []
    by_executor: Counter[str] = Counter()
    # Who asks first takes what is there: one may be so fast that the other comes too late for all of a few.
    async with asyncio.timeout(PATIENCE_S):
        while len(plans) < 60 or set(by_executor) != {"executor-1", "executor-2"}:
            plans += plans_for(world, 20)
            for plan in plans[-20:]:
                await bus.publish(planned(plan))
            await until_results(bus, plans)
            by_executor = Counter(result.executor_name for result in await results_on(bus))
    assert world.chain.effects == {str(plan.plan_id): 1 for plan in plans}
    assert all(desk.house.wallets.overlaps == 0 for desk in both)
    wallets_of = {(result.executor_name, result.wallet) for result in await results_on(bus)}
    assert wallets_of == {("executor-1", WALLETS[0]), ("executor-2", WALLETS[1])}
    for desk in both:
        await desk.stop()


async def test_an_executor_with_another_gate_may_not_share_the_work(world: World, bus: NatsBus, desks: Desks) -> None:
    first = desks.make("executor-1", wallets=WALLETS[:1], gate_id="one")
    await first.start()
    await until(first.bus.is_joined.is_set)
    second = desks.make("executor-2", wallets=WALLETS[1:], gate_id="two")
    with pytest.raises(Misconfigured) as refused:
        await second.bus.run()
    assert refused.value.code == "consumer_mismatch"
    assert "gate two" in refused.value.message
    await second.stop()
    await first.stop()


@pytest.mark.parametrize(
    "said",
    [
        b'{"reason": "killswitch", "timestamp": 1760000000000}',
        b"stop!",
        planned(builders.execution_plan()).model_copy(update={"id": uuid4()}).to_json().encode()[:50],
        planned(builders.execution_plan()).to_json().encode(),
    ],
    ids=["bare", "no_json", "torn", "another_event"],
)
async def test_whatever_is_said_on_the_kill_switch_halts_the_gate_and_stops_the_executor(
    world: World, bus: NatsBus, desks: Desks, said: bytes
) -> None:
    desk = desks.make()
    await desk.start()
    await until(desk.bus.is_joined.is_set)
    await bus.connection.jetstream.publish("system.killswitch", said)
    await until(desk.house.service.stopped.is_set)
    assert world.gate.halts == [(None, None)]
    await desk.stop()
    stopped = await bus.connection.jetstream.get_last_msg("SYSTEM", "metrics.executor.stopped")
    body = Envelope.from_json(stopped.data or b"").body
    assert body.model_dump() == {"executor": "executor-1", "reason": "killswitch", "open_plans": 0}


async def test_the_same_words_halt_again_once_the_first_halt_was_ended(
    world: World, bus: NatsBus, desks: Desks
) -> None:
    for _ in range(2):
        desk = desks.make()
        await desk.start()
        await until(desk.bus.is_joined.is_set)
        await bus.connection.jetstream.publish("system.killswitch", b"stop!")
        await until(desk.house.service.stopped.is_set)
        assert world.gate.halts == [(None, None)]
        # The operator looked, and resumes.
        world.gate.halts.clear()
        await desk.stop()


async def test_a_halt_that_was_published_while_the_executor_was_away_reaches_it(
    world: World, bus: NatsBus, desks: Desks
) -> None:
    first = desks.make()
    await first.start()
    await until(first.bus.is_joined.is_set)
    await first.crash()
    halt = HaltRequested(by="operator", reason="prices look wrong")
    await bus.publish(Envelope.about_system(halt, event_id=uuid4(), run_id=RUN_ID, at_ns=builders.START_NS))
    second = desks.make()
    await second.start()
    await until(second.house.service.stopped.is_set)
    assert world.gate.halts == [(None, None)]
    await second.stop()


async def test_a_halt_reaches_an_executor_that_died_while_its_consumer_was_made_anew(
    world: World, bus: NatsBus, desks: Desks
) -> None:
    first = desks.make()
    await first.start()
    await until(first.bus.is_joined.is_set)
    await first.crash()
    # It was deleted, and not yet added: the server knows of no such consumer. It may have died in just that moment.
    with contextlib.suppress(NotFoundError):
        await bus.connection.jetstream.delete_consumer("SYSTEM", "executor-1-system")
    halt = HaltRequested(by="operator", reason="prices look wrong")
    await bus.publish(Envelope.about_system(halt, event_id=uuid4(), run_id=RUN_ID, at_ns=builders.START_NS))
    second = desks.make()
    await second.start()
    await until(second.house.service.stopped.is_set)
    assert world.gate.halts == [(None, None)]
    await second.stop()


async def test_a_shutdown_ends_all_executors_within_their_bound_and_the_rest_is_taken_up_later(
    world: World, bus: NatsBus, desks: Desks
) -> None:
    both = [
        desks.make(name, wallets=[wallet]) for name, wallet in zip(("executor-1", "executor-2"), WALLETS, strict=True)
    ]
    for desk in both:
        await desk.start()
    await until(lambda: all(desk.bus.is_joined.is_set() for desk in both))
    plans = plans_for(world, 40)
    for plan in plans[:20]:
        await bus.publish(planned(plan))
    asked = ShutdownRequested(by="operator", reason="maintenance")
    await bus.publish(Envelope.about_system(asked, event_id=uuid4(), run_id=RUN_ID, at_ns=world.clock.now_ns()))
    await until(lambda: all(desk.house.service.stopped.is_set() for desk in both))
    for desk in both:
        await desk.stop()
    for plan in plans[20:]:
        await bus.publish(planned(plan))
    again = desks.make("executor-1", wallets=WALLETS[:1])
    other = desks.make("executor-2", wallets=WALLETS[1:])
    await again.start()
    await other.start()
    await until_results(bus, plans)
    assert world.chain.effects == {str(plan.plan_id): 1 for plan in plans}
    await again.stop()
    await other.stop()
