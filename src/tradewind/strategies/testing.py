"""Drives a strategy without a chain: the file is loaded as the engine loads it, and told what a test says.

harness = Harness(FILE, {"min_profit_raw": 100_000})
wishes = harness.play(recorded_updates())
harness.fill(wishes[0], gained_raw=120_000)
"""

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from tradewind.strategies.runner import PROTOCOL, Message, Runner
from tradewind.strategies.strategy import Strategy
from tradewind.strategies.wishes import Circle, Hop, Swap, Wish

WALLET = "11111111111111111111111111111112"
_HELD_RAW = {"So11111111111111111111111111111111111111112": 1_000_000_000_000}


class StrategyRaised(AssertionError):
    """A method of the strategy raised; the message is its traceback."""


def recorded_updates(file: Path | None = None) -> list[Message]:
    """Updates that were recorded: of a file of JSON lines, or those that come with the SDK.

    Those are two pools of WIND and SOL on a local chain, one of Raydium AMM v4 and one of PumpSwap. In the first update
    they agree; then somebody sells 50 SOL into the first pool.
    """
    found = file or files("tradewind.strategies").joinpath("recorded", "two_pools.jsonl")
    return [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines() if line]


class Harness:
    """One strategy of `file` with `parameters`; it has started when this returns.

    Raises AssertionError where the engine would refuse the file or the parameters, and StrategyRaised where a method
    raises. `state` is what an earlier run left.
    """

    def __init__(
        self,
        file: Path,
        parameters: Mapping[str, Any] | None = None,
        *,
        held_raw: Mapping[str, int] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self._runner = Runner(file, keeps=None, state=state)
        self._held_raw = _HELD_RAW if held_raw is None else held_raw
        self.log: list[str] = []
        self._tell(
            {
                "kind": "start",
                "protocol": PROTOCOL,
                "instance": "test",
                "wallet": WALLET,
                "mints": list(self._held_raw),
                "replays": False,
                "parameters": dict(parameters or {}),
            }
        )

    @property
    def strategy(self) -> Strategy[Any]:
        """The strategy itself, to look at."""
        if self._runner.strategy is None:
            raise AssertionError("It has not started.")
        return self._runner.strategy

    def play(self, updates: Iterable[Message]) -> list[Wish]:
        """Everything that it wishes for by these updates."""
        held = {mint: str(amount_raw) for mint, amount_raw in self._held_raw.items()}
        return [wish for update in updates for wish in self._tell({**update, "held": update.get("held") or held})]

    def miss(self, *pools: str) -> list[Wish]:
        """The feed misses something of these pools, or of all that are known. What it wishes for then."""
        known = self.strategy.context.pools
        told = [{"address": pool, "slot": known[pool].slot, "tradeable": False} for pool in pools or known]
        return self.play([{"kind": "update", "slot": None, "at_ms": 0, "pools": told}])

    def fill(
        self,
        wish: Wish,
        *,
        gained_raw: int | None = None,
        paid_raw: int | None = None,
        got_raw: int | None = None,
        cost_lamports: int = 5_000,
        error_code: str | None = None,
    ) -> list[Wish]:
        """The trade of a wish has ended: well, unless there is an `error_code`. What it wishes for then."""
        amounts = {"gained_raw": gained_raw, "paid_raw": paid_raw, "got_raw": got_raw}
        return self._tell(
            {
                "kind": "fill",
                "plan_id": "00000000-0000-4000-8000-000000000000",
                "succeeded": error_code is None,
                "signature": None,
                "slot": None,
                "hops": wish.document()["hops"],
                "tag": wish.tag,
                **{name: None if amount is None else str(amount) for name, amount in amounts.items()},
                "cost_lamports": str(cost_lamports),
                "locked_lamports": "0",
                "error_code": error_code,
                "at_ms": 0,
            }
        )

    def refuse(self, wish: Wish, code: str, message: str = "") -> None:
        """The engine does not trade a wish."""
        hops = wish.document()["hops"]
        self._tell({"kind": "refusal", "code": code, "message": message, "tag": wish.tag, "hops": hops})

    def change(self, parameters: Mapping[str, Any]) -> None:
        """The user's file was saved with other parameters."""
        self._tell({"kind": "parameters", "parameters": dict(parameters)})

    def stop(self) -> None:
        """The engine ends."""
        self._tell({"kind": "stop"})

    def _tell(self, message: Message) -> list[Wish]:
        answer = self._runner.answer(message)
        if raised := answer.get("raised"):
            raise StrategyRaised(raised["traceback"])
        if refused := answer.get("refused"):
            said = f"{refused['field']}: {refused['fault']} {refused['remedy']}"
            raise AssertionError(said)
        self.log += [line["message"] for line in answer.get("log", ())]
        return [_wish(document) for document in answer["wishes"]]


def _wish(document: Message) -> Wish:
    hops = [Hop(**hop) for hop in document["hops"] or ()]
    amount_in_raw, tag = int(document["amount_in_raw"]), document["tag"]
    if document["kind"] == "circle":
        return Circle(hops, amount_in_raw, int(document["min_profit_raw"]), tag)
    return Swap(
        document["mint_in"],
        document["mint_out"],
        amount_in_raw,
        int(document["least_out_raw"]),
        hops or None,
        document["max_hops"],
        tag,
    )
