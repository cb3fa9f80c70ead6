"""Transactions of others as Python sees them, compared with eth-account, rlp and recorded answers of peers."""

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import rlp as untyped_rlp
from eth_account import Account
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tradewind import core

FIXTURES = Path(__file__).parents[1] / "fixtures" / "decode"
EVM = json.loads((FIXTURES / "evm_transactions.json").read_text())
CALLS = json.loads((FIXTURES / "router_calls.json").read_text())["calls"]
SOLANA = json.loads((FIXTURES / "solana_transactions.json").read_text())
SWAPS = json.loads((FIXTURES / "solana_swaps.json").read_text())["swaps"]
RAWS = [bytes.fromhex(case["raw"][2:]) for case in EVM["transactions"]]

rlp: Any = untyped_rlp
addresses = st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex())


def code(read: Callable[[], Any]) -> str:
    with pytest.raises(core.CoreError) as caught:
        read()
    return caught.value.code


def number(value: Any) -> int | None:
    return None if value is None else int(value)


def taken(answer: core.DecodedTransaction | core.CoreError) -> core.DecodedTransaction:
    assert isinstance(answer, core.DecodedTransaction), answer
    return answer


# ---- Ethereum ----


def test_recorded_transactions_of_every_type_have_the_fields_that_viem_gave_them() -> None:
    for case, raw in zip(EVM["transactions"], RAWS, strict=True):
        fields, tx = case["fields"], core.decode_transaction(raw)
        assert tx.kind == case["type"].replace("preEip155", "legacy")
        assert (tx.chain_id, tx.nonce, tx.gas_limit) == (fields.get("chainId"), fields["nonce"], int(fields["gas"]))
        assert tx.gas_price_wei == number(fields.get("gasPrice"))
        assert tx.max_fee_per_gas_wei == number(fields.get("maxFeePerGas"))
        assert tx.max_priority_fee_per_gas_wei == number(fields.get("maxPriorityFeePerGas"))
        assert tx.max_fee_per_blob_gas_wei == number(fields.get("maxFeePerBlobGas"))
        assert (tx.to, tx.value_wei, tx.data.hex()) == (fields["to"], int(fields["value"]), fields["data"][2:])
        entries = [(entry["address"], entry["storageKeys"]) for entry in fields.get("accessList", [])]
        assert [(address, ["0x" + key.hex() for key in keys]) for address, keys in tx.access_list] == entries
        assert ["0x" + h.hex() for h in tx.blob_versioned_hashes] == fields.get("blobVersionedHashes", [])
        assert [one.recover_authority() for one in tx.authorizations] == case["authorities"]
        assert tx.signature == (case["y_parity"], int(case["r"]), int(case["s"]))
        assert tx.hash is not None
        assert ("0x" + tx.hash.hex(), "0x" + tx.signing_hash.hex()) == (case["hash"], case["signingHash"])
        assert (tx.recover_sender(), tx.raw) == (case["sender"], raw)


def test_a_batch_answers_each_in_its_place_and_does_not_raise() -> None:
    malformed = [bytes.fromhex(case["raw"][2:]) for case in EVM["malformed"]]
    batch = core.decode_transactions([*RAWS, *malformed])
    assert (len(batch), batch.refused) == (len(RAWS) + len(malformed), len(malformed))
    assert [taken(batch[i]).raw for i in range(len(RAWS))] == RAWS
    for case, answer in zip(EVM["malformed"], list(batch)[len(RAWS) :], strict=True):
        assert isinstance(answer, core.CoreError)
        assert answer.code == case["code"], case
    assert batch[-1] is not None
    with pytest.raises(IndexError):
        batch[len(batch)]
    senders = batch.recover_senders()
    assert senders[: len(RAWS)] == [case["sender"] for case in EVM["transactions"]]
    assert core.recover_senders(RAWS) == senders[: len(RAWS)]
    assert all(isinstance(sender, core.CoreError) for sender in senders[len(RAWS) :])


def test_only_bytes_are_taken_and_the_item_is_named() -> None:
    assert code(lambda: core.decode_transaction(cast("bytes", "02f8"))) == "bytes_required"
    with pytest.raises(core.CoreError, match=r"raws\[1\]"):
        core.decode_transactions([RAWS[0], cast("bytes", bytearray(RAWS[0]))])


def test_other_threads_run_while_senders_are_recovered() -> None:
    ticks, stop = [0], threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    before = ticks[0]
    core.recover_senders(RAWS * 40)
    during = ticks[0] - before
    stop.set()
    thread.join()
    assert during > 10_000


@given(
    chain_id=st.integers(1, 2**53),
    nonce=st.integers(0, 2**64 - 2),
    gas=st.integers(0, 2**64 - 1),
    price=st.integers(0, 2**200),
    value=st.integers(0, 2**256 - 1),
    to=addresses,
    data=st.binary(max_size=300),
    kind=st.sampled_from([0, 1, 2]),
    key=st.binary(min_size=32, max_size=32).filter(lambda b: 0 < int.from_bytes(b, "big") < 2**255),
)
def test_what_eth_account_signs_decodes_to_its_fields_and_its_sender(**facts: Any) -> None:
    fees = (
        {"maxFeePerGas": facts["price"], "maxPriorityFeePerGas": 0}
        if facts["kind"] == 2
        else {"gasPrice": facts["price"]}
    )
    wanted = {name: facts[name] for name in ("nonce", "gas", "to", "value", "data")} | {"chainId": facts["chain_id"]}
    typed = {"type": facts["kind"]} if facts["kind"] else {}
    account = Account.from_key(facts["key"])
    try:
        signed = account.sign_transaction(wanted | fees | typed)
    except (TypeError, ValueError):
        return
    tx = core.decode_transaction(bytes(signed.raw_transaction))
    assert (tx.chain_id, tx.nonce, tx.gas_limit) == (facts["chain_id"], facts["nonce"], facts["gas"])
    assert (tx.value_wei, tx.data) == (facts["value"], facts["data"])
    assert (tx.gas_price_wei if facts["kind"] < 2 else tx.max_fee_per_gas_wei) == facts["price"]
    assert (tx.hash, tx.recover_sender()) == (bytes(signed.hash), account.address)


@given(st.binary(max_size=400), st.sampled_from([b"", b"\x02\xf8", b"\x03", b"\xf8", b"\x04\xf9\x01", b"\x80"]))
def test_random_bytes_are_refused_with_a_code(tail: bytes, head: bytes) -> None:
    for read in (core.decode_transaction, core.decode_solana_transaction):
        assert code(lambda read=read: read(head + tail)).islower()  # type: ignore[misc]


def test_the_network_form_of_a_blob_transaction_is_told_apart() -> None:
    facts = EVM["wrapper"]
    canonical = bytes.fromhex(facts["canonical"][2:])
    parts = [bytes(131_072)], [bytes.fromhex(facts["commitment"][2:])], [bytes.fromhex(facts["proof"][2:])]
    raw = b"\x03" + rlp.encode([rlp.decode(canonical[1:]), *parts])
    assert "0x" + keccak(raw).hex() == facts["wrapped_keccak"]
    tx = core.decode_transaction(raw)
    assert tx.sidecar == (0, 1, 1)
    assert tx.hash is not None
    assert ("0x" + tx.hash.hex(), tx.recover_sender()) == (facts["hash"], facts["sender"])
    assert core.decode_transaction(canonical).sidecar is None


# ---- routers ----


def as_recorded(swap: core.DecodedSwap) -> dict[str, Any]:
    names = ["router", "venue", "exact", "path", "fees_pips", "recipient"]
    names += ["fee_on_transfer", "native_in", "native_out", "payer_is_user"]
    numbers = ["amount_raw", "limit_raw", "deadline_s", "sqrt_price_limit_x96"]
    values = {name: getattr(swap, name) for name in numbers}
    return {name: getattr(swap, name) for name in names} | {
        name: str(value) if isinstance(value, int) else value for name, value in values.items()
    }


def test_recorded_router_calls_decode_to_their_swaps() -> None:
    for case in CALLS:
        data = bytes.fromhex(case["data"][2:])
        call = core.decode_router_call(data, value_wei=int(case["value"]))
        assert call is not None
        assert call.router == case["router"]
        assert [as_recorded(swap) for swap in call.swaps] == case["swaps"]
        assert [step.swap for step in call.steps if step.swap is not None] == call.swaps
        for step, wanted in zip(call.steps, case.get("actions", []), strict="actions" in case):
            assert (step.action is None) == (wanted is None)
            if step.action is not None:
                found = (step.action.kind, step.action.token, number(step.action.amount_raw))
                assert found == (wanted["kind"], wanted["token"], number(wanted["amount_raw"]))


def test_a_batch_of_transactions_gives_the_router_calls_of_those_that_are_some() -> None:
    routers = {"0x" + "aa" * 20: "universal_router"}
    universal = next(case for case in CALLS if case["router"] == "universal_router")
    fields = [b"", b"", b"", bytes.fromhex("aa" * 20), b"", bytes.fromhex(universal["data"][2:])]
    batch = core.decode_transactions([RAWS[0], rlp.encode(fields), b"\x05"])
    nothing, call, refused = batch.router_calls(cast("Any", routers))
    assert nothing is None
    assert isinstance(call, core.RouterCall)
    assert len(call.swaps) == len(universal["swaps"])
    assert isinstance(refused, core.CoreError)
    assert code(lambda: batch.router_calls(cast("Any", {"0x" + "aa" * 20: "sushi"}))) == "router_unknown"


def test_what_is_not_decoded_is_named() -> None:
    word = (32).to_bytes(32, "big")
    head = b"".join(n.to_bytes(32, "big") for n in (64, 128, 1)) + b"\x90" + bytes(31)
    data = bytes.fromhex("24856bc3") + head + (1).to_bytes(32, "big") + word + bytes(32)
    call = core.decode_router_call(data)
    assert call is not None
    assert [(step.not_decoded, step.allow_revert) for step in call.steps] == [("V4_SWAP (0x10)", True)]
    assert core.decode_router_call(bytes.fromhex("a9059cbb")) is None
    assert code(lambda: core.decode_router_call(data[:-32])) == "calldata_malformed"


# ---- Solana ----


def test_recorded_solana_transactions_have_the_accounts_and_instructions_that_solders_gave_them() -> None:
    for case in [*SOLANA["transactions"], *SOLANA["lifecycle"][1:]]:
        tx = core.decode_solana_transaction(base64.b64decode(case["raw"]), lookup_tables=case["tables"])
        assert (tx.version, tx.recent_blockhash, tx.message.hex()) == (
            case["version"],
            case["blockhash"],
            case["message"],
        )
        assert [signature.hex() for signature in tx.signatures] == case["signatures"]
        assert [[a.key, a.signer, a.writable] for a in tx.accounts] == case["accounts"]
        assert all(account.resolved for account in tx.accounts)
        for found, wanted in zip(tx.instructions, case["instructions"], strict=True):
            assert (found.program, found.data.hex()) == (wanted["program"], wanted["data"])
            assert [a.key for a in found.accounts] == [case["accounts"][i][0] for i in wanted["accounts"]]


def test_lookup_tables_that_are_missing_or_too_short_are_named_and_none_at_all_keeps_the_places() -> None:
    case = next(c for c in SOLANA["transactions"] if len(c["accounts"]) > c["static_keys"])
    raw = base64.b64decode(case["raw"])
    named = core.decode_solana_transaction(raw)
    table, writable, readonly = named.lookups[0]
    places = [f"{table}[{place}]" for place in writable + readonly]
    assert set(places) <= {account.key for account in named.accounts if not account.resolved}
    with pytest.raises(core.CoreError, match=table) as caught:
        core.decode_solana_transaction(raw, lookup_tables={})
    assert caught.value.code == "lookup_table_missing"
    short: dict[str, list[str]] = {name: [] for name in case["tables"]}
    assert code(lambda: core.decode_solana_transaction(raw, lookup_tables=short)) == "lookup_index_outside"
    assert code(lambda: core.decode_solana_transaction(raw, lookup_tables={"0": []})) == "key_malformed"


def test_the_trades_of_a_coin_are_read_from_its_transactions() -> None:
    facts, *steps = SOLANA["lifecycle"]
    answers = core.decode_solana_transactions([base64.b64decode(step["raw"]) for step in steps])
    swaps = [
        instruction.swap
        for tx in answers
        if isinstance(tx, core.SolanaTransaction)
        for instruction in tx.instructions
        if instruction.swap is not None
    ]
    assert [swap.function for swap in swaps] == ["buy_v3", "sell_v3", "buy_exact_quote_in_v3", "buy_v3"]
    assert {swap.pools[0] for swap in swaps} == {facts["bonding_curve"]}
    assert swaps[0].mint_out == swaps[1].mint_in == facts["mint"]


def test_the_size_is_reported_and_refusals_stand_in_their_place() -> None:
    raw = base64.b64decode(SOLANA["transactions"][0]["raw"])
    tx = core.decode_solana_transaction(raw, size_limit_bytes=len(raw) - 1)
    assert (tx.size_bytes, tx.within_size_limit) == (len(raw), False)
    assert core.decode_solana_transaction(raw, size_limit_bytes=len(raw)).within_size_limit
    malformed = [base64.b64decode(case["raw"]) for case in SOLANA["malformed"]]
    answers = core.decode_solana_transactions([raw, *malformed])
    assert isinstance(answers[0], core.SolanaTransaction)
    assert all(isinstance(answer, core.CoreError) for answer in answers[1:])
