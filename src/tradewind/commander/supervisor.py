"""Keeps one instance running: checks, starts, watches, restarts, breaks crash loops, stops within a bound."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tradewind.commander import resolved
from tradewind.commander.alerting import Alerting
from tradewind.commander.crash_report import write_report
from tradewind.commander.defect import as_error, in_words
from tradewind.commander.ending import Ending, EndingKind
from tradewind.commander.engine_environment import engine_environment
from tradewind.commander.engine_process import EngineProcess
from tradewind.commander.hot_reload import HotReload
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.instance_state import InstanceState, Phase, RuleSeen, read_state
from tradewind.commander.leftover import end_leftover
from tradewind.commander.listening import Listening
from tradewind.commander.relaying import lasting, meanwhile, relayed
from tradewind.commander.restart_policy import BreakLoop, LeaveIt, Rest, RestartPolicy, StartAgain
from tradewind.commander.rules.admission import Admission
from tradewind.commander.strategy_file.reading import StrategyFile, read_strategy_file
from tradewind.commander.supervisor_parts import Asked, SupervisorParts
from tradewind.commander.telling import Telling
from tradewind.commander.wish import Wish, take_wish

_FIRST_HALT_PAUSE_S = 0.5
_LONGEST_HALT_PAUSE_S = 30.0


class Supervisor:
    """`await run()` once; `stop()` from elsewhere."""

    def __init__(
        self,
        file: StrategyFile,
        folder: InstanceFolder,
        parts: SupervisorParts,
        *,
        admission: Admission | None = None,
    ) -> None:
        """With an `admission` an engine runs only while that lets it, for as long as nobody stops the instance."""
        self._admission = admission
        self._rests = False
        self._file = file
        self._folder = folder
        self._parts = parts
        self._clock = parts.clock
        self._policy = RestartPolicy(file.settings.commander.restart)
        self._telling = Telling(folder, file, parts.clock, parts.on_state)
        self._asked = Asked()
        self._alerting = Alerting(file.settings, folder, parts, self._telling)

    @property
    def state(self) -> InstanceState:
        """What is known now."""
        return self._telling.state

    def stop(self, *, by: str) -> None:
        """Ask for the end; `run` returns when it is there."""
        self._asked.by = self._asked.by or by
        self._asked.stop.set()

    async def run(self) -> InstanceState:
        """Until it is stopped, has finished, or may not be started again. The state says which.

        Raises Conflict `instance_running`, and what the first preflight says.
        """
        with self._folder.locked():
            await self._end_what_is_left()
            take_wish(self._folder)
            self._telling.begin()
            if self._admission is not None:
                self._admission.on_seen(self._hear_rule)
            async with (
                self._alerting.opened(),
                relayed(self._folder, self._parts),
                meanwhile(lasting("wishes", self._hear_wishes, self._clock, self._alerting.alert)),
            ):
                try:
                    await self._keep_running()
                except Exception as error:
                    failure = as_error("the supervisor", error)
                    self._telling.tell(Phase.REFUSED, str(failure))
                    if failure is error:
                        raise
                    self._alerting.alert("commander_failed", str(failure))
                    raise failure from error
                finally:
                    # Behind the lock the file of the state is somebody else's.
                    if self._admission is not None:
                        self._admission.on_seen(lambda _: None)
        return self.state

    async def _keep_running(self) -> None:
        # What starts it by itself may find something red at any time, and waits then.
        first = self._admission is None
        while not self._asked.stop.is_set():
            await self._admitted()
            if self._asked.stop.is_set():
                break
            self._telling.tell(Phase.CHECKING, "looks at what it needs")
            follows = await self._checked(first=first) or self._after(await self._one_life())
            first = False
            if not self._asked.stop.is_set() and not await self._carry_out(follows):
                return
        self._telling.tell(Phase.STOPPED, f"asked by {self._asked.by}")

    async def _admitted(self) -> None:
        """Returns when its rule lets it run, or when somebody stops it."""
        if self._admission is None or self._admission.may_run:
            return
        self._telling.tell(Phase.WAITING, "its rule does not let it run now")
        asked = [
            asyncio.ensure_future(self._admission.until(may_run=True)),
            asyncio.ensure_future(self._asked.stop.wait()),
        ]
        await _first_of(asked)
        await self._read_again()

    async def _checked(self, *, first: bool) -> StartAgain | None:
        """The first time what is red is raised; later the engine waits until it is not."""
        try:
            await self._parts.preflight(self._file.settings)
        except Exception as error:
            if first:
                raise
            because = in_words("the pre-flight", error)
            return StartAgain(self._file.settings.commander.restart.longest_pause_ms, because)
        return None

    async def _one_life(self) -> Ending:
        content = resolved.content_of(
            self._file.settings, instance=self._folder.name.instance, folder=self._folder.path
        )
        told = resolved.next_version(self._folder.path, content, running=False)
        path = resolved.write(self._folder.path, told)
        parts, commander = self._parts, self._file.settings.commander
        self._telling.starting(told.version, parts.command.because)
        listening = Listening(self._folder, self._telling, self._alerting.heard, self._clock)
        process = await EngineProcess.start(
            [*parts.leash, *parts.command.argv, "--strategy", self._folder.name.strategy, "--config", str(path)],
            folder=self._folder.path,
            environment=engine_environment(parts.environment, also=commander.environment, builds=parts.command.builds),
            clock=self._clock,
            on_line=listening.line,
            on_error=listening.error,
        )
        self._telling.started(process)
        reload = HotReload(self._folder, self._file.path, self._clock, self._telling)
        try:
            async with meanwhile(lasting("hot reload", reload.run, self._clock, self._alerting.alert)):
                ending = await self._until_it_ends(process, listening)
        finally:
            listening.close()
        if ending.kind is EndingKind.CRASHED and not self._is_as_asked(ending):
            self._report(process, ending)
        self._telling.ended(ending)
        return ending

    def _is_as_asked(self, ending: Ending) -> bool:
        """One that is asked to end before it can hear that ends by the signal itself."""
        asked = self._rests or self._asked.restart.is_set()
        return self._asked.stop.is_set() or (asked and ending.exit_code == -signal.SIGTERM)

    async def _until_it_ends(self, process: EngineProcess, listening: Listening) -> Ending:
        commander = self._file.settings.commander
        ended = asyncio.ensure_future(process.wait())
        waited = self._asked_for()
        silent = asyncio.ensure_future(self._silence(listening, commander.ready_within_ms / 1_000))
        try:
            await asyncio.wait({ended, silent, *waited}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            late = silent.done() and not any(task.done() for task in waited)
            self._rests = not (late or self._asked.stop.is_set() or self._asked.restart.is_set())
            asked = "its rule stops it" if self._rests else f"asked by {self._asked.by}"
            self._telling.tell(Phase.STOPPING, "it was not ready in time" if late else asked)
            ending = await process.stop(within_s=commander.stop_within_ms / 1_000)
            return replace(ending, was_late=late)
        except asyncio.CancelledError:
            await asyncio.shield(process.stop(within_s=0))
            raise
        except Exception:
            # Nobody would watch it any more.
            await process.stop(within_s=commander.stop_within_ms / 1_000)
            raise
        finally:
            for task in (silent, *waited):
                task.cancel()

    def _asked_for(self) -> list["asyncio.Future[Any]"]:
        """What ends an engine: somebody asks for it, or its rule."""
        waited: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(event.wait()) for event in (self._asked.stop, self._asked.restart)
        ]
        if self._admission is not None:
            waited.append(asyncio.ensure_future(self._admission.until(may_run=False)))
        return waited

    async def _silence(self, listening: Listening, within_s: float) -> None:
        """Returns when the engine has not called itself ready in time; otherwise never."""
        late = asyncio.ensure_future(self._clock.sleep(within_s))
        ready = asyncio.ensure_future(listening.ready.wait())
        try:
            await asyncio.wait({late, ready}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                await asyncio.Event().wait()
        finally:
            late.cancel()
            ready.cancel()

    def _after(self, ending: Ending) -> StartAgain | LeaveIt | BreakLoop | Rest:
        if self._rests:
            self._rests = False
            return Rest()
        if self._asked.restart.is_set():
            return StartAgain(0)
        follows = self._policy.decide(ending, now_ns=self._clock.now_ns())
        self._telling.crashes(self._policy.crashes)
        return follows

    async def _carry_out(self, follows: StartAgain | LeaveIt | BreakLoop | Rest) -> bool:
        """True when the engine is to be started again."""
        match follows:
            case LeaveIt(because):
                finished = (self.state.last_ending or "").startswith("exit code 0")
                self._telling.tell(Phase.FINISHED if finished else Phase.REFUSED, because)
                return False
            case BreakLoop(because):
                await self._halt(because)
                return False
            case Rest():
                pass
            case StartAgain(after_ms, because):
                await self._pause(after_ms, because or f"last: {self.state.last_ending}")
                await self._read_again()
                self._telling.restarting()
        return True

    async def _pause(self, after_ms: int, because: str) -> None:
        if after_ms:
            self._telling.tell(Phase.PAUSING, f"starts again in {after_ms} ms; {because}")
            await self._rest(after_ms / 1_000)

    async def _rest(self, seconds: float) -> None:
        """Returns early when something is asked."""
        await _first_of([asyncio.ensure_future(self._clock.sleep(seconds)), *self._asked_for()])

    async def _rest_of_a_halt(self, seconds: float) -> None:
        """Nothing but a stop ends it: a rule that changes its mind does not make the signer answer."""
        asked = asyncio.ensure_future(self._asked.stop.wait())
        await _first_of([asyncio.ensure_future(self._clock.sleep(seconds)), asked])

    async def _read_again(self) -> None:
        """What the user changed meanwhile counts from this start on; a file with mistakes does not."""
        # Who asks for a restart from now on may have changed the file after it was read.
        self._asked.restart.clear()
        try:
            self._file = await self._read_file()
        except Exception as error:  # noqa: BLE001 (the engine starts with the file as it was)
            self._telling.reload_fault(in_words("the look at the file", error))
        else:
            self._telling.reload_fault(None)

    async def _halt(self, because: str) -> None:
        """The wallet of an engine that crashes again and again signs nothing until a person has looked."""
        wallet = self._file.settings.commander.wallet
        if wallet is None:
            self._telling.tell(Phase.HALTED, f"{because}; it names no wallet to halt")
            self._alerting.alert("wallet_not_halted", f"{because}; it names no wallet to halt")
            return
        pause_s = _FIRST_HALT_PAUSE_S
        while True:
            # Nothing is started again before the halt, whoever asks.
            self._asked.restart.clear()
            try:
                await self._parts.halt(self._file.settings, f"crash loop of {self._folder.name}: {because}")
            except Exception as error:  # noqa: BLE001 (whatever failed, the wallet has to be halted)
                unconfirmed = f"the halt of {wallet} is not confirmed: {in_words('the halt', error)}"
                self._telling.tell(Phase.PAUSING, f"{because}; {unconfirmed}")
                self._alerting.alert("wallet_not_halted", f"{because}; {unconfirmed}")
                await self._rest_of_a_halt(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_HALT_PAUSE_S)
                if self._asked.stop.is_set():
                    self._telling.tell(Phase.STOPPED, f"{because}; the halt of {wallet} was never confirmed")
                    return
            else:
                self._telling.tell(Phase.HALTED, f"{because}; the wallet {wallet} is halted")
                self._alerting.alert("wallet_halted", f"{wallet}: {because}")
                return

    def _report(self, process: EngineProcess, ending: Ending) -> None:
        report = write_report(
            self._folder,
            process,
            ending,
            at_ns=self._clock.now_ns(),
            version_in_force=self.state.version_in_force,
            in_flight=self.state.in_flight,
            follows="see state.json",
        )
        self._alerting.alert("engine_crashed", f"{ending}; {len(report.in_flight)} in flight")
        self._parts.on_crash(report)

    async def _end_what_is_left(self) -> None:
        before = read_state(self._folder)
        if before is not None and before.pid is not None and before.pid_started is not None:
            within_s = self._file.settings.commander.stop_within_ms / 1_000
            await end_leftover(before.pid, before.pid_started, within_s=within_s, clock=self._clock)

    async def _read_file(self) -> StrategyFile:
        """Beside the event loop: a strategy in Python is looked at by a process of its own."""
        return await asyncio.to_thread(read_strategy_file, self._file.path, strategy=self._folder.name.strategy)

    def _hear_rule(self, seen: RuleSeen) -> None:
        before = self.state.rule
        self._telling.rule(seen)
        if seen.fault is not None and (before is None or before.fault != seen.fault):
            self._alerting.alert("rules_fault", seen.fault)

    async def _hear_wishes(self) -> None:
        # A stop does not wait for the look at a file that a restart needs.
        async with asyncio.TaskGroup() as looking:
            while True:
                wish = take_wish(self._folder)
                if wish is not None and wish.action == "stop":
                    self.stop(by=wish.by)
                elif wish is not None:
                    looking.create_task(self._restart(wish))
                await self._clock.sleep(self._parts.wish_every_s)

    async def _restart(self, wish: Wish) -> None:
        try:
            await self._read_file()
        except Exception as error:  # noqa: BLE001 (the engine that runs is better than none)
            self._telling.reload_fault(f"not restarted: {in_words('the look at the file', error)}")
            return
        self._asked.by = wish.by
        self._asked.restart.set()


async def _first_of(waited: "Sequence[asyncio.Future[Any]]") -> None:
    """Returns when one of them is done; the others are cancelled."""
    try:
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waited:
            task.cancel()
