"""P5: decoding transactions of others against viem, and their senders against libsecp256k1."""

import random
import statistics
from collections.abc import Iterator
from time import perf_counter_ns

from eth_account import Account

from benches.line_process import LineProcess
from benches.paired import Paired, percentile
from benches.peers.node_peer import node_peer
from benches.peers.python_packages import python_peer
from benches.row import Row
from benches.tally import Tally
from tradewind.core import DecodedTransaction, decode_transactions, keccak256, to_checksum_address

SEED = 1559
DECODE_GOAL = 300.0
# At most 1.10 times the time of libsecp256k1.
SENDER_GOAL = 1 / 1.10
BATCH = 1_000
# Signing in Python takes longer than all that is measured; each stands in the batch five times.
DIFFERENT = 200
SENDERS = 200
ROUNDS = 15
OUR_TURNS = 20
# 374 bytes: the length of a usual swap through a router, signed.
DATA_BYTES = 249
BYTES = 374


def run() -> Iterator[Row]:
    """The rows of P5."""
    raws = transactions(DIFFERENT) * (BATCH // DIFFERENT)
    with node_peer("viem_decode") as viem, python_peer("secp256k1_senders", "numeric") as secp256k1:
        viem_name = f"viem {viem.ask(op='load', transactions=['0x' + raw.hex() for raw in raws])['version']}"
        yield _decode(raws, viem, viem_name)
        yield from _senders(raws[:SENDERS], viem, viem_name, secp256k1)


def transactions(count: int) -> list[bytes]:
    """Signed type-2 transactions of 374 bytes, from a fixed seed."""
    chance = random.Random(SEED)  # noqa: S311 - contents of test transactions
    made: list[bytes] = []
    while len(made) < count:
        fields = {
            "type": 2,
            "chainId": 42161,
            "nonce": chance.randrange(256, 2**16),
            "maxPriorityFeePerGas": chance.randrange(2**24, 2**32),
            "maxFeePerGas": chance.randrange(2**32, 2**40),
            "gas": chance.randrange(2**16, 2**24),
            "to": to_checksum_address("0x" + chance.randbytes(20).hex()),
            "value": chance.randrange(2**56, 2**64),
            "data": chance.randbytes(DATA_BYTES),
        }
        raw = bytes(Account.sign_transaction(fields, chance.randbytes(32)).raw_transaction)
        # A signature whose number is shorter makes a shorter transaction.
        if len(raw) == BYTES:
            made.append(raw)
    return made


def fields_of(transaction: DecodedTransaction) -> list[str]:
    """All that a transaction says, in the order of the peer."""
    signature = transaction.signature
    assert signature is not None
    parity, r, s = signature
    fields = (
        transaction.chain_id,
        transaction.nonce,
        transaction.max_priority_fee_per_gas_wei,
        transaction.max_fee_per_gas_wei,
        transaction.gas_limit,
        transaction.to,
        transaction.value_wei,
        "0x" + transaction.data.hex(),
        r,
        s,
        parity,
    )
    return [str(field).lower() for field in fields]


def _decode(raws: list[bytes], viem: LineProcess, name: str) -> Row:
    pairs, tally = Paired("lower"), Tally()
    ours_us: list[float] = []
    for number in range(ROUNDS):
        turns_us = []
        for _ in range(OUR_TURNS):
            start = perf_counter_ns()
            batch = decode_transactions(raws)
            turns_us.append((perf_counter_ns() - start) / 1e3 / len(raws))
        answer = viem.ask(op="decode")
        pairs.add(ours=statistics.median(turns_us), peer=answer["ns"] / 1e3 / len(raws))
        ours_us += turns_us
        if number == 0:
            decoded = [fields_of(one) for one in batch if isinstance(one, DecodedTransaction)]
            tally.add(decoded, answer["decoded"])
    return Row(
        id="P5",
        what="decode a signed type-2 transaction, canonical form checked",
        input=f"{BYTES} bytes, {BATCH:,} a call",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="us a transaction",
        ratio=pairs.ratio,
        goal=DECODE_GOAL,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"peer: {name}, parseTransaction",
            f"ours: p50 {percentile(ours_us, 50):.4g} us, p99 {percentile(ours_us, 99):.4g} us a transaction; "
            "fields are made into Python objects when they are read, which is not in the time",
            pairs.spread,
            "answers compared: all eleven fields of each transaction",
        ),
    )


def _senders(raws: list[bytes], viem: LineProcess, viem_name: str, secp256k1: LineProcess) -> Iterator[Row]:
    batch = decode_transactions(raws)
    signed = []
    for one in batch:
        assert isinstance(one, DecodedTransaction)
        assert one.signature is not None
        parity, r, s = one.signature
        signed.append([one.signing_hash.hex(), (r.to_bytes(32) + s.to_bytes(32) + bytes([parity])).hex()])
    version = secp256k1.ask(op="load", signed=signed)["version"]
    pairs, viems, tally, viems_tally = Paired("lower"), Paired("lower"), Tally(), Tally()
    for _ in range(ROUNDS):
        start = perf_counter_ns()
        senders = batch.recover_senders()
        ours_us = (perf_counter_ns() - start) / 1e3 / len(raws)
        theirs = secp256k1.ask(op="recover")
        pairs.add(ours=ours_us, peer=theirs["ns"] / 1e3 / len(raws))
        tally.add(senders, [sender_of(key) for key in theirs["keys"]])
    answer = viem.ask(op="senders", count=len(raws))
    viems.add(ours=statistics.median(pairs.ours), peer=answer["ns"] / 1e3 / len(raws))
    viems_tally.add(senders, [to_checksum_address(sender) for sender in answer["senders"]])
    yield Row(
        id="P5-sender",
        what="sender of a decoded transaction",
        input=f"{len(raws)} transactions of {BYTES} bytes a call",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="us a sender",
        ratio=pairs.ratio,
        goal=SENDER_GOAL,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"peer: libsecp256k1 by coincurve {version}, the public key alone; ours hashes what was signed and the key "
            "besides, and gives an address",
            f"goal: at most 1.10 times its time; it took {1 / pairs.ratio:.3f} times",
            f"{viem_name} takes {viems.peer[0]:.4g} us, {viems.ratio:.4g} times ours; "
            f"{viems_tally.equal} of {viems_tally.compared} senders equal",
            pairs.spread,
        ),
    )


def sender_of(key: str) -> str:
    """The address of an uncompressed public key in hexadecimal."""
    return to_checksum_address("0x" + keccak256(bytes.fromhex(key)[1:])[12:].hex())
