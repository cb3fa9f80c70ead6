"""QUIC: a transaction sent by the lane to a leader, against quinn alone."""

import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benches.line_process import LineProcess
from benches.paired import Paired
from benches.row import Row

ROOT = Path(__file__).parent.parent
EXAMPLE = "quic_send"
COMPILE_TIMEOUT_S = 1_800
# At most 1.2 times the time of the bare send.
GOAL = 1 / 1.2
ROUNDS = 31
COUNT = 200
SIZE_BYTES = 600


def ours() -> LineProcess:
    """The Rust process that sends both ways; compiled with optimisation when it is not. Blocks meanwhile."""
    command = ["cargo", "build", "--release", "--quiet", "--package", "tradewind-solana", "--example", EXAMPLE]
    subprocess.run(command, cwd=ROOT, check=True, timeout=COMPILE_TIMEOUT_S)
    return LineProcess([str(ROOT / "target" / "release" / "examples" / EXAMPLE)])


def run() -> Iterator[Row]:
    """The row of the QUIC send."""
    pairs, equal = Paired("lower"), 0
    with ours() as process:
        for round_number in range(ROUNDS):
            times = {}
            # Whoever comes second finds a warmer machine: it is each one's turn.
            for op in ("lane", "quinn") if round_number % 2 else ("quinn", "lane"):
                answer = process.ask(op=op, count=COUNT)
                times[op] = answer["ns"] / 1e3 / COUNT
                equal += answer["equal"]
            pairs.add(ours=times["lane"], peer=times["quinn"])
    yield Row(
        id="QUIC",
        what="hand a signed transaction to a leader over an open QUIC connection",
        input=f"{SIZE_BYTES} bytes, one leader on loopback, one send after the other",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="us a transaction",
        ratio=pairs.ratio,
        goal=GOAL,
        answers_compared=2 * ROUNDS * COUNT,
        answers_equal=equal,
        notes=(
            f"goal: at most 1.2 times its time; it took {1 / pairs.ratio:.3f} times",
            "peer: quinn alone: open a stream, write, finish",
            "answers compared: the bytes that arrived with those that were sent",
            pairs.spread,
        ),
    )
