"""What happened to one intent from its POST to its first broadcast, and when, from four witnesses.

The client's clock, the journal's `occurred_at`, the service's log lines, and the tap in front of the chain. All read
the same machine's UTC clock; the log lines have whole milliseconds.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benches.rpc_tap import Exchange, waited_ns
from tradewind.core import keccak256

NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Journey:
    """Nanoseconds UTC. `proven`: the bytes seen on the wire are those of the journal, and the intent was filled."""

    posted_ns: int
    accepted_ns: int
    received_ns: int
    processed_ns: int
    planned_ns: int
    signed_ns: int
    broadcast_ns: int
    rpc_ns: int
    rpc_requests: int
    rpc_calls: int
    proven: bool

    @property
    def own_ms(self) -> float:
        """From the POST to the broadcast, less the waiting for the chain."""
        return (self.broadcast_ns - self.posted_ns - self.rpc_ns) / NS_PER_MS

    def stages_ms(self) -> dict[str, float]:
        """How long each part took."""
        spans = {
            "total": (self.posted_ns, self.broadcast_ns),
            "accept": (self.posted_ns, self.accepted_ns),
            "receive": (self.posted_ns, self.received_ns),
            "validate": (self.received_ns, self.processed_ns),
            "plan": (self.processed_ns, self.planned_ns),
            "sign": (self.planned_ns, self.signed_ns),
            "send": (self.signed_ns, self.broadcast_ns),
        }
        return {name: (end - start) / NS_PER_MS for name, (start, end) in spans.items()} | {
            "rpc": self.rpc_ns / NS_PER_MS
        }


def retrace(
    intent: Mapping[str, Any],
    events: Iterable[Mapping[str, Any]],
    log: Iterable[str],
    exchanges: Iterable[Exchange],
    *,
    posted_ns: int,
    accepted_ns: int,
) -> Journey:
    """Put the witnesses together. `intent` and `events` are the API's answers, `exchanges` those since the POST."""
    seen = list(exchanges)
    first_send = next(one for one in seen if one.sent_transactions)
    before = [one for one in seen if one is not first_send]
    envelopes = {envelope["type"]: envelope for envelope in (event["envelope"] for event in events)}
    tx_hash = "0x" + keccak256(first_send.sent_transactions[0]).hex()
    asked = [one for one in before if one.asked_ns < first_send.asked_ns]
    return Journey(
        posted_ns=posted_ns,
        accepted_ns=accepted_ns,
        received_ns=envelopes["IntentSubmitted"]["occurred_at"],
        processed_ns=envelopes["IntentProcessed"]["occurred_at"],
        planned_ns=envelopes["PlanCreated"]["occurred_at"],
        signed_ns=logged_ns(log, "attempt_signed", str(intent["id"])),
        broadcast_ns=first_send.asked_ns,
        rpc_ns=waited_ns(asked, posted_ns, first_send.asked_ns),
        rpc_requests=len(asked),
        rpc_calls=sum(len(one.calls) for one in asked),
        proven=intent["status"] == "COMPLETED"
        and envelopes["ExecutionStepSubmitted"]["body"]["tx_hash"].lower() == tx_hash,
    )


def logged_ns(lines: Iterable[str], event: str, intent_id: str) -> int:
    """When the service said `event` of an intent for the first time; LookupError when it did not."""
    for line in lines:
        if event in line and intent_id in line:
            said = json.loads(line)
            if said["event"] == event and said["intent"] == intent_id:
                return round(datetime.fromisoformat(said["at"]).timestamp() * 1000) * NS_PER_MS
    raise LookupError(f"the log has no {event} of {intent_id}")
