"""Runs one strategy by messages: each is answered by what the strategy wishes for, raised, and logged.

The messages are those of docs/strategies.md; the engine asks over a pipe, a test through `testing`.
"""

import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tradewind.strategies.context import Context
from tradewind.strategies.loading import Unloadable, load_strategy
from tradewind.strategies.parameters import MistakenParameters, Mistake, read_parameters
from tradewind.strategies.state_file import NAME, StateFile
from tradewind.strategies.strategy import Strategy
from tradewind.strategies.told import Fill, Refusal, Update
from tradewind.strategies.wishes import Hop, Wish

Message = dict[str, Any]
PROTOCOL = 1
_MOST_CHARACTERS = 4_000


class Runner:
    """`answer` each message; the first is `start`. `keeps` is the folder of the state, None where none is kept."""

    def __init__(self, file: Path, *, keeps: Path | None) -> None:
        self._file = file
        self._keeps = keeps
        self._state = StateFile(None)
        self.strategy: Strategy[Any] | None = None

    def answer(self, message: Message) -> Message:
        """What the strategy says to it."""
        answer: Message = {"number": message.get("number", 0), "wishes": []}
        if message["kind"] == "start":
            answer |= self._start(message)
        elif message["kind"] == "parameters":
            answer |= self._parameters(message)
        elif self.strategy is not None:
            answer |= self._told(self.strategy, message)
        if self.strategy is not None:
            answer["log"] = self.strategy.context.take_lines()
        return answer

    def _start(self, message: Message) -> Message:
        if message["protocol"] != PROTOCOL:
            fault = f"speaks protocol {PROTOCOL}, and the engine {message['protocol']}."
            return _refused(Mistake("python.interpreter", "protocol_differs", fault, "Install one release of both."))
        try:
            kind = load_strategy(self._file)
            strategy = kind()
            strategy.parameters = read_parameters(kind.parameters_type(), message["parameters"])
        except Unloadable as error:
            return _refused(error.mistake)
        except MistakenParameters as error:
            return _refused(error.mistakes[0])
        keeps = None if message["replays"] or self._keeps is None else self._keeps / NAME
        self._state = StateFile(keeps)
        context = Context(message["instance"], message["wallet"], tuple(message["mints"]), message["replays"])
        strategy.context = context
        try:
            strategy.state = self._state.read()
            strategy.on_start(context)
            self._state.write(strategy.state)
        except Exception as error:
            said = _raised("on_start", error)
            fault = f"raises {said['error']} in on_start."
            return {"raised": said, **_refused(Mistake("python.file", "start_raised", fault, "Correct it there."))}
        self.strategy = strategy
        return {}

    def _parameters(self, message: Message) -> Message:
        strategy = self.strategy
        if strategy is None:
            return {}
        try:
            strategy.parameters = read_parameters(type(strategy).parameters_type(), message["parameters"])
        except MistakenParameters as error:
            return _refused(error.mistakes[0])
        return {}

    def _told(self, strategy: Strategy[Any], message: Message) -> Message:
        during = f"on_{message['kind']}"
        tell: Callable[[], Iterable[Wish] | None]
        match message["kind"]:
            case "update":
                update = _update(strategy.context, message)
                tell = lambda: strategy.on_update(update)  # noqa: E731
            case "fill":
                fill = _fill(message)
                tell = lambda: strategy.on_fill(fill)  # noqa: E731
            case "refusal":
                refusal = _refusal(message)
                tell = lambda: strategy.on_refusal(refusal)  # type: ignore[func-returns-value]  # noqa: E731
            case _:
                tell = lambda: strategy.on_stop()  # type: ignore[func-returns-value]  # noqa: E731
        try:
            wishes = [wish.document() for wish in tell() or ()]
            self._state.write(strategy.state)
        except Exception as error:  # noqa: BLE001 (whatever a user's method raises is told, and the strategy goes on)
            return {"raised": _raised(during, error)}
        return {"wishes": wishes}


def _update(context: Context, message: Message) -> Update:
    changed = tuple(context.pools.take(message["pools"]))
    held_raw = {mint: int(amount) for mint, amount in message["held"].items()}
    return Update(message["slot"] or 0, message["at_ms"], changed, context.pools, held_raw)


def _fill(message: Message) -> Fill:
    gained = message["gained_raw"]
    return Fill(
        plan_id=message["plan_id"],
        succeeded=message["succeeded"],
        signature=message["signature"],
        slot=message["slot"],
        base=message["base"],
        tag=message["tag"],
        gained_raw=None if gained is None else int(gained),
        cost_lamports=int(message["cost_lamports"]),
        locked_lamports=int(message["locked_lamports"]),
        error_code=message["error_code"],
        at_ms=message["at_ms"],
    )


def _refusal(message: Message) -> Refusal:
    hops = message["hops"] if isinstance(message["hops"], list) else []
    whole = [hop for hop in hops if isinstance(hop, dict) and {"pool", "mint_in", "mint_out"} <= hop.keys()]
    ways = tuple(Hop(hop["pool"], hop["mint_in"], hop["mint_out"]) for hop in whole)
    return Refusal(message["code"], message["message"], message["tag"], ways)


def _refused(mistake: Mistake) -> Message:
    return {"refused": {"field": mistake.field, "fault": mistake.fault, "remedy": mistake.remedy}}


def _raised(during: str, error: Exception) -> Message:
    text = "".join(traceback.format_exception(error))
    said = f"{type(error).__name__}: {error}"[:_MOST_CHARACTERS]
    return {"during": during, "error": said, "traceback": text[-_MOST_CHARACTERS:]}
