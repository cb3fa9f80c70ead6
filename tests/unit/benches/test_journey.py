"""The stages of an intent add up to the whole, and only the wait before the broadcast is counted as such."""

import json
from typing import Any
from uuid import UUID

import pytest
from eth_utils.crypto import keccak

from benches.journey import Journey, logged_ns, retrace
from benches.rpc_tap import Exchange

MS = 1_000_000
START_NS = 1_760_000_000_000 * MS
INTENT_ID = str(UUID(int=7))
RAW = b"\x02\xf8\x01"
TX_HASH = "0x" + keccak(RAW).hex()


def event(type_name: str, at_ms: int, **body: object) -> dict[str, Any]:
    return {"envelope": {"type": type_name, "occurred_at": START_NS + at_ms * MS, "body": body}}


def line(event_name: str, at: str, intent: str = INTENT_ID) -> str:
    return json.dumps({"at": at, "level": "info", "event": event_name, "intent": intent})


def exchange(asked_ms: int, answered_ms: int, method: str, *parameters: object) -> Exchange:
    call = {"method": method, "params": list(parameters)}
    return Exchange((call,), START_NS + asked_ms * MS, START_NS + answered_ms * MS)


def retraced(*, status: str = "COMPLETED", tx_hash: str = TX_HASH) -> Journey:
    return retrace(
        {"id": INTENT_ID, "status": status},
        [
            event("IntentSubmitted", 2),
            event("IntentValidated", 10),
            event("IntentProcessed", 10),
            event("PlanCreated", 16),
            event("ExecutionStepSubmitted", 43, tx_hash=tx_hash),
        ],
        [
            line("attempt_signed", "2025-10-09T08:53:20.001+00:00", str(UUID(int=8))),
            line("attempt_signed", "2025-10-09T08:53:20.030+00:00"),
            line("attempt_sent", "2025-10-09T08:53:20.050+00:00"),
        ],
        [
            exchange(3, 6, "eth_call"),
            exchange(5, 8, "eth_call"),
            exchange(20, 25, "eth_estimateGas"),
            exchange(32, 42, "eth_sendRawTransaction", "0x" + RAW.hex()),
            exchange(60, 70, "eth_getTransactionReceipt"),
        ],
        posted_ns=START_NS,
        accepted_ns=START_NS + 4 * MS,
    )


def test_every_stage_is_the_time_between_two_witnesses() -> None:
    assert retraced().stages_ms() == {
        "total": 32,
        "accept": 4,
        "receive": 2,
        "validate": 8,
        "plan": 6,
        "sign": 14,
        "send": 2,
        "rpc": 10,
    }


def test_stages_one_after_the_other_add_up_to_the_total() -> None:
    stages = retraced().stages_ms()
    assert sum(stages[name] for name in ("receive", "validate", "plan", "sign", "send")) == stages["total"]


def test_only_what_was_asked_before_the_broadcast_counts() -> None:
    journey = retraced()
    assert (journey.rpc_requests, journey.rpc_calls) == (3, 3)


def test_a_filled_intent_whose_bytes_were_seen_is_proven() -> None:
    assert retraced().proven


def test_other_bytes_on_the_wire_than_in_the_journal_prove_nothing() -> None:
    assert not retraced(tx_hash="0x" + "00" * 32).proven


@pytest.mark.parametrize("status", ["FAILED", "EXPIRED"])
def test_an_intent_that_was_not_filled_proves_nothing(status: str) -> None:
    assert not retraced(status=status).proven


def test_an_event_that_was_not_logged_is_not_made_up() -> None:
    with pytest.raises(LookupError, match="attempt_signed"):
        logged_ns([line("attempt_sent", "2025-10-09T08:53:20.001+00:00")], "attempt_signed", INTENT_ID)
