"""What was measured of plans on a local Solana, and the rows that are made of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from benches.paired import Paired, percentile
from benches.row import Row
from benches.solana_desk import OWN_WALLETS, SLOT_MS
from benches.tally import Tally

PEERS_LANES = ("rpc", "jito")
# At least 40 % faster.
GOAL = 1 / 0.6
INPUT = "15 USDC for SOL, 1 swap on Raydium AMM v4"
# What each part has to stay below, in milliseconds.
TARGETS_MS = {"build": 50, "wallet": 5, "jito": 200, "tpu": 100, "stage": 20, "total": 500}


@dataclass(slots=True)
class Times:
    """Milliseconds of every plan, by part; pairs by part and lane; and how many effects were right."""

    ours: dict[str, list[float]] = field(default_factory=dict)
    over_tpu: dict[str, list[float]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Paired] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    sync_us: float = 0.0
    kit: str = ""

    def note(self, **parts_ms: float) -> None:
        """One plan of ours."""
        for part, took_ms in parts_ms.items():
            self.ours.setdefault(part, []).append(took_ms)

    def pair(self, part: str, lane: str, *, ours: float, peer: float) -> None:
        """One round."""
        self.pairs.setdefault((part, lane), Paired("lower")).add(ours=ours, peer=peer)

    def paired(self, part: str) -> Paired:
        """Over all lanes that the peer has."""
        whole = Paired("lower")
        for lane in PEERS_LANES:
            pairs = self.pairs[part, lane]
            for ours, peer in zip(pairs.ours, pairs.peer, strict=True):
                whole.add(ours=ours, peer=peer)
        return whole


def rows(times: Times) -> Iterator[Row]:
    """One for each part, and that of a signature through the gate."""
    yield _gate(times)
    yield _own(
        times,
        "build",
        "P11-build",
        "a plan's transaction, unsigned",
        "it asks the chain for the pool and the gate for the receipt",
    )
    yield _own(
        times,
        "wallet",
        "P11-wallet",
        f"a free wallet of {OWN_WALLETS}",
        "one that traded since it was read is read again",
    )
    yield _own(times, "jito", "P11-jito", "a bundle handed to the block engine", "until its answer, over HTTP")
    yield _own(times, "tpu", "P11-tpu", "a transaction handed to the leaders", "until a connection took it, over QUIC")
    yield _compared(times, "stage", "P11-stage", "plan handed over to signed bytes handed to the lane")
    yield _compared(times, "total", "P11-total", "plan handed over to its result, confirmed and read from the chain")
    yield _patient(times)


def against(target_ms: float, values_ms: list[float]) -> tuple[str, ...]:
    """How far the median and the p99 are from a target that they have to stay below."""
    said = [f"target: below {target_ms:g} ms"]
    for percent, name in ((50, "the median"), (99, "p99")):
        value_ms = percentile(values_ms, percent)
        side = "below" if value_ms < target_ms else "ABOVE"
        said.append(f"{name}, {value_ms:.4g} ms, is {abs(target_ms - value_ms):.4g} ms {side} it")
    return tuple(said)


def _own(times: Times, part: str, row_id: str, what: str, note: str) -> Row:
    values, target_ms = times.ours[part], TARGETS_MS[part]
    return Row(
        id=row_id,
        what=what,
        input=INPUT,
        ours=percentile(values, 50),
        unit="ms, p50",
        at_most=target_ms,
        answers_compared=times.tally.compared,
        answers_equal=times.tally.equal,
        notes=(*against(target_ms, values), f"{len(values)} plans; {note}"),
    )


def _compared(times: Times, part: str, row_id: str, what: str) -> Row:
    target_ms, paired = TARGETS_MS[part], times.paired(part)
    return Row(
        id=row_id,
        what=what,
        input=f"{INPUT}; RPC and Jito, one each time",
        ours=percentile(paired.ours, 50),
        peer=percentile(paired.peer, 50),
        ratio=paired.ratio,
        goal=GOAL,
        at_most=target_ms,
        unit="ms, p50",
        answers_compared=times.tally.compared,
        answers_equal=times.tally.equal,
        notes=(
            *against(target_ms, paired.ours),
            f"over TPU, which the peer has not: {percentile(times.over_tpu[part], 50):.4g} ms, "
            f"p99 {percentile(times.over_tpu[part], 99):.4g} ms",
            f"goal: at most 0.6 of the peer's time; it took {1 / paired.ratio:.3f} of it",
            *(f"{lane}: {times.pairs[part, lane].ratio:.3g} times, {_said(times, part, lane)}" for lane in PEERS_LANES),
            *_stage_notes(times, part),
            paired.spread,
        ),
    )


def _stage_notes(times: Times, part: str) -> tuple[str, ...]:
    if part == "total":
        return (
            f"slots of {SLOT_MS} ms: the one that takes the transaction has to end, whoever sent it",
            f"peer: {times.kit} in Node asks for the status once a slot, then for the transaction",
        )
    handed = times.paired("handed")
    parts = (("taken", "until a wallet is asked for"), ("wallet", "wallet"), ("build", "build"), ("sign", "sign"))
    return (
        "medians of its parts: "
        + ", ".join(f"{said} {percentile(times.ours[part], 50):.4g} ms" for part, said in parts),
        f"with the lane's answer: ours {percentile(handed.ours, 50):.4g} ms, "
        f"peer {percentile(handed.peer, 50):.4g} ms, {handed.ratio:.3g} times",
        "ours: journal, receipt and signature are on disk before the bytes leave; "
        f"one fdatasync takes {times.sync_us:.4g} us",
        f"peer: {times.kit} in Node: its plan is an object already, its key lies in the process, nothing goes to disk",
        "before the bytes ours asks the chain four times in a row, the peer once; here an answer takes about 1 ms: "
        "over a network it takes more, and the difference grows",
    )


def _said(times: Times, part: str, lane: str) -> str:
    pairs = times.pairs[part, lane]
    return f"ours {percentile(pairs.ours, 50):.4g} ms, peer {percentile(pairs.peer, 50):.4g} ms"


def _patient(times: Times) -> Row:
    paired = times.paired("patient")
    return Row(
        id="P11-total-patient",
        what="the same; the peer asks for the status once in five slots",
        input=f"{INPUT}; RPC and Jito, one each time",
        ours=percentile(paired.ours, 50),
        peer=percentile(paired.peer, 50),
        ratio=paired.ratio,
        goal=GOAL,
        unit="ms, p50",
        answers_compared=times.tally.compared,
        answers_equal=times.tally.equal,
        notes=(
            "five slots are the 2 s of mainnet that such executors wait between two questions",
            f"goal: at most 0.6 of the peer's time; it took {1 / paired.ratio:.3f} of it",
            paired.spread,
        ),
    )


def _gate(times: Times) -> Row:
    values, paired = times.ours["gate"], times.paired("gate")
    parts = ", ".join(f"{part} {percentile(times.ours[part], 50):.4g} ms" for part in ("build", "sign"))
    return Row(
        id="P4-gate",
        what="build and sign through the sign-gate: a process of its own, its socket, its policy, its record on disk",
        input=INPUT,
        ours=percentile(paired.ours, 50),
        peer=percentile(paired.peer, 50),
        ratio=paired.ratio,
        unit="ms, p50",
        answers_compared=times.tally.compared,
        answers_equal=times.tally.equal,
        notes=(
            f"p99 {percentile(values, 99):.4g} ms of {len(values)} plans; {parts}",
            "in it the chain is asked for pool, token account and heights, the gate for step, receipt and signature",
            f"peer: {times.kit}: blockhash asked for, compiled, signed with WebCrypto by a key in its own memory",
            paired.spread,
        ),
    )
