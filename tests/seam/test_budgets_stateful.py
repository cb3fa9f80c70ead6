"""The limits of amounts against plain arithmetic: random permits, swaps, settlements, halts and killed processes.

The real signer is asked over its socket. After every request its own sums must be those of the model, and none may be
above its limit by one unit. All of it happens within one hour, so the hour and the day hold everything.
"""

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.seam.test_signer import (
    CHAIN_ID,
    CONFIG,
    FIRST_NONCE,
    IMPORT,
    KEY,
    PASSPHRASE,
    ROOT,
    ROUTER,
    USDC,
    WALLET,
    WETH,
    binary,
    permit_request,
    sign_request,
    transaction,
    write_private,
)
from tradewind import core
from tradewind.execution.signer_client import SignerClient

# The signer that can be made to die at a named point of a request.
MORTAL = ROOT / "target" / "debug" / "tradewind-signer-failpoints"
UNIT = 10**6
STRATEGIES = ("00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b")
LARGEST = 40 * UNIT
# Whose limit (everything, the wallet, or a strategy), over which time, and how much. Small, so that all are met.
LIMITS = {
    (None, "hour"): 100 * UNIT,
    (None, "day"): 95 * UNIT,
    (None, "signed_per_day"): 260 * UNIT,
    (WALLET, "hour"): 90 * UNIT,
    (STRATEGIES[0], "hour"): 55 * UNIT,
    (STRATEGIES[1], "day"): 60 * UNIT,
    (STRATEGIES[1], "signed_per_day"): 150 * UNIT,
}
OF_AMOUNTS = {"amount_per_transaction", "amount_per_hour", "amount_per_day", "signed_per_day"}


def limits_of(whose: str | None) -> str:
    own = {window: raw for (scope, window), raw in LIMITS.items() if scope == whose}
    keys = {"hour": "max_per_hour", "day": "max_per_day", "signed_per_day": "max_signed_per_day"}
    return ", ".join(f'{keys[window]} = "{raw // UNIT}"' for window, raw in own.items())


def config() -> str:
    def table(whose: str) -> str:
        return f'limits = [{{ chain = {CHAIN_ID}, token = "{USDC}", {limits_of(whose)} }}]'

    strategies = "".join(f'[strategies."{name}"]\nwallets = ["{WALLET}"]\n{table(name)}\n' for name in STRATEGIES)
    everything = f'max_per_transaction = "{LARGEST // UNIT}"\n' + limits_of(None).replace(", ", "\n")
    return (
        CONFIG.replace(f"chains = [{CHAIN_ID}]\n", f"chains = [{CHAIN_ID}]\n{table(WALLET)}\n{strategies}", 1)
        .replace('max_per_transaction = "50000"\nmax_per_day = "200000"', everything, 1)
        .replace('socket = "run/signer.sock"', 'socket = "signer.sock"', 1)
    )


@dataclass
class Attempt:
    request: dict[str, Any]
    noop: bool
    signed: bool
    raw_tx: str | None = None


@dataclass
class Step:
    """What may be reserved for a step, by addition only."""

    name: str
    strategy: str
    exact: str
    reserved: int
    counts: int
    deadline_s: int
    permit: dict[str, Any] | None = None
    nonce: int | None = None
    attempts: list[Attempt] = field(default_factory=list)
    closed: bool = False
    final: tuple[str, str, int] | None = None


amounts = st.one_of(st.integers(1, 3), st.integers(1, LARGEST + 1), st.sampled_from([-1, 0, 1]).map(lambda n: n - UNIT))
picks = st.integers(0, 10**6)


class Budgets(RuleBasedStateMachine):
    """One gate, one signer process at a time, and the model of both."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.nonce = FIRST_NONCE
        self.halts: dict[str | None, int] = {}
        self.dir = tempfile.TemporaryDirectory()
        self.folder = Path(self.dir.name)
        self.runner = asyncio.Runner()

    @initialize()
    def begin(self) -> None:
        write_private(self.folder / "passphrase", "only for this test")
        write_private(self.folder / "key.hex", KEY)
        (self.folder / "signer.toml").write_text(config())
        command = [str(binary()), "key", "import", *IMPORT, *PASSPHRASE]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        self.start()

    def start(self, **environment: str) -> None:
        command = [str(MORTAL), "run", "--config", "signer.toml", *PASSPHRASE]
        env = {"PATH": os.environ["PATH"], **environment}
        self.process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, env=env)
        assert self.process.stderr is not None
        assert json.loads(self.process.stderr.readline())["event"] == "ready"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.connect(str(self.folder / "signer.sock"))
        self.lines = self.socket.makefile("rb")
        self.client = SignerClient(self.folder / "signer.sock")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.lines.close()
        self.socket.close()

    def teardown(self) -> None:
        if hasattr(self, "process"):
            self.stop()
            self.check_gate()
        self.runner.close()
        self.dir.cleanup()

    def ask(self, op: str, **fields: object) -> dict[str, Any] | str | None:
        """The answer, the name of the rule that refuses, or nothing when the signer died."""
        self.socket.sendall(json.dumps({"op": op, **fields}).encode() + b"\n")
        line = self.lines.readline()
        if not line:
            return None
        answer = json.loads(line)
        assert "error" not in answer, answer
        return str(answer["refused"]["rule"]) if "refused" in answer else dict(answer["ok"])

    # The model.

    def used(self, whose: str | None, window: str) -> int:
        own = [step for step in self.steps if whose in (None, WALLET, step.strategy)]
        gross = window == "signed_per_day"
        return sum((0 if step.closed else step.reserved) if gross else step.counts for step in own)

    def room(self, strategy: str) -> int:
        mine = [(whose, window) for whose, window in LIMITS if whose in (None, WALLET, strategy)]
        return min(LIMITS[limit] - self.used(*limit) for limit in mine)

    def halted(self, strategy: str) -> bool:
        return bool({None, WALLET, strategy} & self.halts.keys())

    def pick(self, number: int, such: Any = lambda step: True) -> Step | None:
        found = [step for step in self.steps if such(step)]
        return found[number % len(found)] if found else None

    # What happens.

    def attempt(self, step: Step, nonce: int, *, noop: bool = False) -> dict[str, Any]:
        number = len(step.attempts) + 1
        if noop:
            to, data, quoted = WALLET, b"", (0, 0)
        else:
            call = core.RouterSwap(
                exact="in" if step.exact == "in" else "out",
                legs=[
                    core.SwapLeg(path=[USDC, WETH], fees_pips=[500], amount_in_raw=step.reserved, amount_out_raw=10**15)
                ],
                recipient=WALLET,
                deadline_s=step.deadline_s,
            )
            to, data, quoted = ROUTER, call.encode(), (step.reserved, 10**15)
        tx = transaction(nonce, to=to, data=data, max_fee_per_gas_wei=10**8 + number, max_priority_fee_per_gas_wei=0)
        return sign_request(step.name, tx, quoted) | {"attempt": number, "strategy_id": step.strategy}

    def asked_at(self, boundary: str | None, op: str, request: dict[str, Any]) -> dict[str, Any] | str | None:
        """Ask; with a `boundary`, of a process that dies there, and is then started again."""
        if boundary is None:
            return self.ask(op, **request)
        self.stop()
        self.start(TRADEWIND_SIGNER_KILL_AT=boundary)
        answer = self.ask(op, **request)
        self.stop()
        self.start()
        return answer

    @rule(
        with_permit=st.booleans(),
        strategy=st.sampled_from(STRATEGIES),
        amount=amounts,
        exact=st.sampled_from(["in", "out"]),
        boundary=st.sampled_from([None, None, None, None, None, None, "gate_committed", "signed"]),
    )
    def new_step(self, with_permit: bool, strategy: str, amount: int, exact: str, boundary: str | None) -> None:
        room = self.room(strategy)
        # A negative amount stands for all that there is room for, and one unit less or more.
        raw = amount if amount > 0 else max(1, min(room, LARGEST) + amount + UNIT)
        deadline_s = int(time.time()) + 600
        step = Step(f"step-{len(self.steps)}", strategy, exact, raw, raw, deadline_s)
        if with_permit:
            request = permit_request(step.name, raw, deadline_s) | {"strategy_id": strategy}
        else:
            request = self.attempt(step, self.nonce)
        answer = self.asked_at(boundary, "permit" if with_permit else "sign", request)
        if self.halted(strategy):
            # What one transaction may never have is refused for that first.
            assert answer == "halted" or (answer == "amount_per_transaction" and raw > LARGEST)
        elif raw > room or raw > LARGEST:
            assert isinstance(answer, str), (raw, room, "granted what does not fit")
            assert answer in OF_AMOUNTS
        else:
            assert answer is None if boundary else isinstance(answer, dict), (raw, room, answer)
            self.steps.append(step)
            if with_permit:
                step.permit = request
            else:
                self.sent(step, request, answer, noop=False, signed=boundary != "gate_committed")

    def sent(self, step: Step, request: dict[str, Any], answer: Any, *, noop: bool, signed: bool = True) -> None:
        raw_tx = answer["raw_tx"] if isinstance(answer, dict) else None
        step.attempts.append(Attempt(request, noop, signed, raw_tx))
        if step.nonce is None:
            step.nonce = self.nonce
            self.nonce += 1

    @rule(number=picks)
    def swap_of_a_permit(self, number: int) -> None:
        step = self.pick(number, lambda step: step.permit is not None and not step.attempts)
        if step is not None:
            request = self.attempt(step, self.nonce)
            answer = self.ask("sign", **request)
            if step.closed:
                assert answer == "step_closed"
            elif self.halted(step.strategy):
                assert answer == "halted"
            else:
                self.sent(step, request, answer, noop=False)

    @rule(number=picks, noop=st.booleans())
    def later_attempt(self, number: int, noop: bool) -> None:
        step = self.pick(number, lambda step: step.attempts)
        if step is None or step.nonce is None:
            return
        request = self.attempt(step, step.nonce, noop=noop)
        answer = self.ask("sign", **request)
        if self.halted(step.strategy):
            assert answer == "halted"
        elif step.final:
            assert answer == "step_settled"
        elif step.attempts[-1].noop and not noop:
            assert answer == "step_changed"
        else:
            assert isinstance(answer, dict), answer
            self.sent(step, request, answer, noop=noop)

    @rule(number=picks)
    def the_same_again(self, number: int) -> None:
        step = self.pick(number, lambda step: step.attempts)
        if step is not None:
            attempt = step.attempts[number % len(step.attempts)]
            answer = self.ask("sign", **attempt.request)
            if self.halted(step.strategy):
                assert answer == "halted"
            elif not attempt.signed and step.final:
                assert answer == "step_settled"
            else:
                assert isinstance(answer, dict)
                assert attempt.raw_tx in (None, answer["raw_tx"])
                attempt.raw_tx, attempt.signed = answer["raw_tx"], True

    @rule(number=picks, outcome=st.sampled_from(["succeeded", "reverted"]), part=picks, is_final=st.booleans())
    def settle(self, number: int, outcome: str, part: int, is_final: bool) -> None:
        step = self.pick(number, lambda step: step.attempts)
        if step is None:
            return
        known = self.ask("step", intent_id=step.name, step=0)
        assert isinstance(known, dict)
        if not self.halted(step.strategy) and not step.final:
            for attempt in step.attempts:
                attempt.signed = True
        assert known["pending"] == [i for i, attempt in enumerate(step.attempts, 1) if not attempt.signed]
        if not known["attempts"]:
            return
        chosen = known["attempts"][part % len(known["attempts"])]
        if chosen["noop"]:
            outcome = "cancelled"
        spent = step.reserved if step.exact == "in" else part % (step.reserved + 1)
        spent = spent if outcome == "succeeded" else 0
        block = {"number": 5, "hash": "0x" + "cd" * 32}
        answer = self.ask(
            "settle",
            intent_id=step.name,
            step=0,
            outcome=outcome,
            tx_hash=chosen["tx_hash"],
            block_number=block["number"],
            block_hash=block["hash"],
            spent_raw=str(spent),
            endpoints=["a"],
            **({"finalized": block} if is_final else {}),
        )
        told = (outcome, chosen["tx_hash"], spent)
        if step.final:
            assert answer == ({"final": True} if told == step.final else "settlement_conflict")
        else:
            assert answer == {"final": is_final}
            if is_final:
                step.final, step.counts = told, spent

    @rule(number=picks)
    def close(self, number: int) -> None:
        step = self.pick(number)
        if step is not None:
            closed = not step.attempts
            assert self.ask("close", intent_id=step.name, step=0) == {"closed": closed}
            if closed:
                step.closed, step.counts = True, 0

    @precondition(lambda self: len(self.halts) < 2)
    @rule(whose=st.sampled_from([None, WALLET, *STRATEGIES]))
    def halt(self, whose: str | None) -> None:
        scope = {"wallet": whose} if whose == WALLET else {"strategy_id": whose}
        self.halts[whose] = self.runner.run(self.client.halt(reason="drill", by="test", **scope))

    @precondition(lambda self: self.halts)
    @rule(number=picks)
    def resume(self, number: int) -> None:
        whose = list(self.halts)[number % len(self.halts)]
        self.runner.run(self.client.resume(kill_epoch=self.halts.pop(whose), by="test"))

    @rule()
    def kill(self) -> None:
        self.stop()
        self.start()

    @invariant()
    def sums_are_those_of_the_model_and_within_the_limits(self) -> None:
        if not hasattr(self, "process"):
            return
        told = {
            (budget.scope.wallet or budget.scope.strategy_id, budget.window): (budget.limit_raw, budget.used_raw)
            for budget in self.runner.run(self.client.budgets())
            if budget.token == USDC and budget.window != "transaction"
        }
        assert told == {limit: (raw, self.used(*limit)) for limit, raw in LIMITS.items()}
        assert all(used <= limit for limit, used in told.values())

    def check_gate(self) -> None:
        """What the gate's file holds: the signatures that the model has, and one nonce for each step."""
        with sqlite3.connect(self.folder / "gate.db") as gate:
            rows = gate.execute("SELECT intent_id, attempt, raw_tx IS NOT NULL FROM attempts").fetchall()
            nonces = gate.execute("SELECT intent_id, nonce FROM steps WHERE nonce IS NOT NULL").fetchall()
        gate.close()
        expected = {(s.name, i, int(a.signed)) for s in self.steps for i, a in enumerate(s.attempts, 1)}
        assert set(rows) == expected
        assert dict(nonces) == {step.name: step.nonce for step in self.steps if step.nonce is not None}
        assert sorted(nonce for _, nonce in nonces) == list(range(FIRST_NONCE, self.nonce))


Budgets.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    # Every example has processes of its own: to shrink one takes minutes, and the failing one is short enough to read.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestNoLimitIsPassedByOneUnit = Budgets.TestCase
