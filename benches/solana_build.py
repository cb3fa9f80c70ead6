"""P4: building, signing and serializing a Solana transaction, against one signature, @solana/kit and solders."""

import importlib.metadata
import random
import statistics
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Literal

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from benches.line_process import LineProcess
from benches.paired import Paired
from benches.peers.node_peer import node_peer
from benches.row import Row
from benches.tally import Tally
from tradewind import core

ROOT = Path(__file__).parent.parent
EXAMPLE = "solana_build"
COMPILE_TIMEOUT_S = 1_800
SEED = 101
# At most 1.10 times the time of one signature by the same library.
SIGNATURE_GOAL = 1 / 1.10
KIT_GOAL = 30.0
SOLDERS_GOAL = 7.0
ROUNDS = 31
TURNS = 15
COUNT = 50
KIT_COUNT = 60
PYTHON_COUNT = 200
# Behind the count of signatures and one of them.
MESSAGE_AT = 1 + 64

WHIRLPOOL = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
MEMO = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105 - a public address
WRAPPED_SOL = "So11111111111111111111111111111111111111112"


@dataclass(frozen=True)
class Plan:
    """What everybody builds: instructions of the budget, a swap of Orca's shape, a tip, and a table for the swap."""

    wallet: Keypair
    blockhash: str
    instructions: list[core.SolanaInstruction]
    table: str
    held: list[str]

    def request(self) -> dict[str, Any]:
        """As the line processes read it."""
        return {
            "seed": self.wallet.secret().hex(),
            "blockhash": self.blockhash,
            "instructions": [
                {
                    "program": one.program,
                    "accounts": [(account.key, account.signer, account.writable) for account in one.accounts],
                    "data": one.data.hex(),
                }
                for one in self.instructions
            ],
            "table": {"address": self.table, "addresses": self.held},
        }


def plan() -> Plan:
    """From a fixed seed. kit sorts accounts by their text and everybody else by their bytes: the keys are drawn so that
    both orders are one, which makes the bytes of all comparable.
    """
    chance = random.Random(SEED)  # noqa: S311 - contents of a test transaction

    def key(length: int, first: str) -> str:
        while True:
            text = str(
                Pubkey(
                    chance.randbytes(32) if length == 44 else bytes([14 + chance.randrange(2)]) + chance.randbytes(31)
                )
            )
            if len(text) == length and text.startswith(first):
                return text

    wallet = Keypair.from_seed(chance.randbytes(32))
    payer = str(wallet.pubkey())
    sources = [key(44, "2"), key(44, "4")]
    written = [key(44, first) for first in "2345678"]
    mint = key(43, "x")
    pool, vault_a, vault_b, *arrays, oracle = written
    order = [
        TOKEN,
        TOKEN,
        MEMO,
        payer,
        pool,
        WRAPPED_SOL,
        mint,
        sources[0],
        vault_a,
        sources[1],
        vault_b,
        *arrays,
        oracle,
    ]
    writable = {*written, *sources}
    data = bytes.fromhex("2b04ed0b1ac91e62") + chance.randbytes(34) + b"\0"
    swap = core.SolanaInstruction(WHIRLPOOL, [(one, one == payer, one in writable) for one in order], data)
    return Plan(
        wallet=wallet,
        blockhash=str(Pubkey(chance.randbytes(32))),
        instructions=[
            core.set_compute_unit_limit(140_000),
            core.set_compute_unit_price(25_000),
            swap,
            core.jito_tip(payer, core.JITO_TIP_ACCOUNTS[0], 10_000),
        ],
        table=key(44, "9"),
        held=[*written, MEMO, TOKEN, WRAPPED_SOL, mint],
    )


def ours() -> LineProcess:
    """The Rust process that builds and signs; compiled with optimisation when it is not. Blocks meanwhile."""
    command = ["cargo", "build", "--release", "--quiet", "--package", "tradewind-solana", "--example", EXAMPLE]
    subprocess.run(command, cwd=ROOT, check=True, timeout=COMPILE_TIMEOUT_S)
    return LineProcess([str(ROOT / "target" / "release" / "examples" / EXAMPLE)])


def run() -> Iterator[Row]:
    """The rows of P4."""
    given = plan()
    with ours() as rust, node_peer("kit_build") as kit:
        wire = bytes.fromhex(rust.ask(op="load", **given.request())["wire"])
        version = kit.ask(op="load", **given.request())["version"]
        bench = Bench(given, rust, kit, f"@solana/kit {version}", len(wire))
        for op in ("build", "template"):
            yield from bench.rows(op)


@dataclass(frozen=True)
class Bench:
    """Everybody who builds the same transaction."""

    plan: Plan
    rust: LineProcess
    kit: LineProcess
    kit_name: str
    size_bytes: int

    def rows(self, op: Literal["build", "template"]) -> Iterator[Row]:
        """One row for each peer, all measured in turns."""
        pairs, tallies, python_us = self._measure(op)
        how = "the builder" if op == "build" else "a template"
        identity = "P4" if op == "build" else "P4-template"
        for peer, (goal, notes) in self._said().items():
            ratio = pairs[peer].ratio
            more = (
                f"goal: at most 1.10 times its time; it took {1 / ratio:.3f} times",
                f"from Python, the builder without the signature takes {statistics.median(python_us):.3g} us",
            )
            yield Row(
                id=identity if peer == "signature" else f"{identity}-{peer}",
                what=f"build, sign and serialize a Solana transaction with {how}",
                input=f"v0, 4 instructions, 1 lookup table, {self.size_bytes} bytes",
                ours=statistics.median(pairs[peer].ours),
                peer=statistics.median(pairs[peer].peer),
                unit="us a transaction",
                ratio=ratio,
                goal=goal,
                answers_compared=tallies[peer].compared,
                answers_equal=tallies[peer].equal,
                notes=(*notes, *(more if peer == "signature" else ()), pairs[peer].spread),
            )

    def _measure(self, op: str) -> tuple[dict[str, Paired], dict[str, Tally], list[float]]:
        by_solders, from_python = solders_peer(self.plan), python_builder(self.plan)
        pairs = {peer: Paired("lower") for peer in self._said()}
        tallies = {peer: Tally() for peer in self._said()}
        python_us: list[float] = []
        for _ in range(ROUNDS):
            raw_us, our_us, wire = self._signature_and(op)
            kit = self.kit.ask(op="build", count=KIT_COUNT)
            solders_us, by_solders_wire = timed(by_solders)
            signature = bytes(self.plan.wallet.sign_message(wire[MESSAGE_AT:]))
            answers = {
                "signature": (raw_us, wire[1:MESSAGE_AT], signature),
                "kit": (kit["ns"] / 1e3 / KIT_COUNT, wire, bytes.fromhex(kit["wire"])),
                "solders": (solders_us, wire, by_solders_wire),
            }
            for peer, (peer_us, mine, theirs) in answers.items():
                pairs[peer].add(ours=our_us, peer=peer_us)
                tallies[peer].add([mine], [theirs])
            python_us.append(timed(from_python)[0])
        return pairs, tallies, python_us

    def _signature_and(self, op: str) -> tuple[float, float, bytes]:
        """Microseconds of a signature and of ours, in short turns, because a few percent lie between them."""
        raw_us, our_us = [], []
        for _ in range(TURNS):
            raw_us.append(self.rust.ask(op="sign", count=COUNT)["ns"] / 1e3 / COUNT)
            answer = self.rust.ask(op=op, count=COUNT)
            our_us.append(answer["ns"] / 1e3 / COUNT)
        return statistics.median(raw_us), statistics.median(our_us), bytes.fromhex(answer["wire"])

    def _said(self) -> dict[str, tuple[float, tuple[str, ...]]]:
        solders = importlib.metadata.version("solders")
        all_bytes = "answers compared: all bytes of the signed transaction"
        return {
            "signature": (
                SIGNATURE_GOAL,
                (
                    "peer: one ed25519 signature of the same message by the same library, ed25519-dalek",
                    "answers compared: the signature, with that of solders",
                ),
            ),
            "kit": (KIT_GOAL, (f"peer: {self.kit_name}, signing with WebCrypto", all_bytes)),
            "solders": (SOLDERS_GOAL, (f"peer: solders {solders}, MessageV0 and VersionedTransaction", all_bytes)),
        }


def timed(build: Callable[[], bytes]) -> tuple[float, bytes]:
    """Microseconds a call, and what it gave."""
    start = perf_counter_ns()
    for _ in range(PYTHON_COUNT):
        made = build()
    return (perf_counter_ns() - start) / 1e3 / PYTHON_COUNT, made


def solders_peer(given: Plan) -> Callable[[], bytes]:
    """The same transaction by solders, its objects made before."""
    instructions = [
        Instruction(
            Pubkey.from_string(one.program),
            one.data,
            [AccountMeta(Pubkey.from_string(a.key), a.signer, a.writable) for a in one.accounts],
        )
        for one in given.instructions
    ]
    held = [Pubkey.from_string(one) for one in given.held]
    table = AddressLookupTableAccount(Pubkey.from_string(given.table), held)
    payer, blockhash = given.wallet.pubkey(), Hash.from_string(given.blockhash)

    def build() -> bytes:
        message = MessageV0.try_compile(payer, instructions, [table], blockhash)
        return bytes(VersionedTransaction(message, [given.wallet]))

    return build


def python_builder(given: Plan) -> Callable[[], bytes]:
    """The same message by the builder, asked from Python."""
    payer = str(given.wallet.pubkey())

    def build() -> bytes:
        builder = core.TransactionBuilder().add_instructions(given.instructions).set_fee_payer(payer)
        builder.set_recent_blockhash(given.blockhash).add_lookup_table(given.table, given.held)
        return builder.build().message

    return build
