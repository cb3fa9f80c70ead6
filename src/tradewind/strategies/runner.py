"""Runs one strategy by messages: each is answered by what the strategy wishes for, raised, and logged.

The messages are those of docs/strategies.md; the engine asks over a pipe, a test through `testing`.
"""

import json
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tradewind.strategies.context import Context
from tradewind.strategies.loading import Unloadable, load_strategy, made
from tradewind.strategies.parameters import Mistake, MistakenParameters, read_parameters
from tradewind.strategies.state_file import NAME, StateFile
from tradewind.strategies.strategy import Strategy
from tradewind.strategies.told import Fill, Refusal, Update
from tradewind.strategies.wishes import Hop, Wish

Message = dict[str, Any]
PROTOCOL = 1
_MOST_CHARACTERS = 4_000


class Runner:
    """`answer` each message; the first is `start`. `keeps` is the folder of the state.

    With None no state is kept, and it begins with `state`.
    """

    def __init__(self, file: Path, *, keeps: Path | None, state: Mapping[str, Any] | None = None) -> None:
        self._file = file
        self._keeps = keeps
        self._given = dict(state or {})
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
            strategy = made(kind)
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
            strategy.state = self._given | self._state.read()
            strategy.on_start(context)
            self._state.write(strategy.state)
        except Exception as error:  # noqa: BLE001 (whatever a user's method raises is told)
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
        try:
            wishes = [wish.document() for wish in _wished(strategy, message)]
            # What no engine could read is the strategy's fault, and told as such.
            json.dumps(wishes)
            self._state.write(strategy.state)
        except Exception as error:  # noqa: BLE001 (as above, and the strategy goes on)
            return {"raised": _raised(during, error)}
        return {"wishes": wishes}


def _wished(strategy: Strategy[Any], message: Message) -> Iterable[Wish]:
    match message["kind"]:
        case "update":
            return strategy.on_update(_update(strategy.context, message)) or ()
        case "fill":
            return strategy.on_fill(_fill(message)) or ()
        case "refusal":
            strategy.on_refusal(_refusal(message))
        case "stop":
            strategy.on_stop()
    return ()


def _update(context: Context, message: Message) -> Update:
    changed = tuple(context.pools.take(message["pools"]))
    held_raw = {mint: int(amount) for mint, amount in message["held"].items()}
    return Update(message["slot"] or 0, message["at_ms"], changed, context.pools, held_raw)


def _fill(message: Message) -> Fill:
    gained_raw, paid_raw, got_raw = (
        None if message[name] is None else int(message[name]) for name in ("gained_raw", "paid_raw", "got_raw")
    )
    return Fill(
        plan_id=message["plan_id"],
        succeeded=message["succeeded"],
        signature=message["signature"],
        slot=message["slot"],
        hops=_hops(message["hops"]),
        tag=message["tag"],
        gained_raw=gained_raw,
        paid_raw=paid_raw,
        got_raw=got_raw,
        cost_lamports=int(message["cost_lamports"]),
        locked_lamports=int(message["locked_lamports"]),
        error_code=message["error_code"],
        at_ms=message["at_ms"],
    )


def _refusal(message: Message) -> Refusal:
    return Refusal(message["code"], message["message"], message["tag"], _hops(message["hops"]))


def _hops(told: object) -> tuple[Hop, ...]:
    """Of a refused wish they are as it had them, right or not."""
    hops = [hop for hop in told if isinstance(hop, dict)] if isinstance(told, list) else []
    names = ("pool", "mint_in", "mint_out")
    return tuple(Hop(*(str(hop[name]) for name in names)) for hop in hops if hop.keys() >= set(names))


def _refused(mistake: Mistake) -> Message:
    return {"refused": {"field": mistake.field, "fault": mistake.fault, "remedy": mistake.remedy}}


def _raised(during: str, error: Exception) -> Message:
    text = "".join(traceback.format_exception(error))
    said = f"{type(error).__name__}: {error}"[:_MOST_CHARACTERS]
    return {"during": during, "error": said, "traceback": text[-_MOST_CHARACTERS:]}
