"""Envelopes: the same fact has the same id, and the text says everything."""

import json
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests import builders
from tradewind.domain import events
from tradewind.domain.events import EVENT_TYPES, Envelope, IntentEvent, RequestAccepted
from tradewind.domain.status import IntentStatus

INTENT_ID = UUID("11111111-2222-4333-8444-555555555555")
PLAN_ID = UUID("66666666-7777-4888-8999-aaaaaaaaaaaa")
NAMESPACE = UUID("6f1f3a9e-6a0c-5f0b-9d55-2d1f6f0c7c55")

SAMPLES = builders.one_of_each()


def test_there_is_a_sample_of_every_type() -> None:
    assert {sample.type for sample in SAMPLES} == set(EVENT_TYPES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.type)
def test_says_the_same_after_a_round_trip(sample: Envelope) -> None:
    read = Envelope.from_json(sample.to_json())
    assert read == sample
    assert type(read.body) is EVENT_TYPES[sample.type]
    assert read.to_json() == sample.to_json()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.type)
def test_carries_no_number_that_json_readers_could_round(sample: Envelope) -> None:
    """Integers beyond 2^53 travel as strings; nanoseconds, which every reader must take as 64 bits, do not."""

    def walk(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, key)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, name)
        elif isinstance(value, int) and abs(value) > 2**53:
            assert name.endswith("_ns") or name == "occurred_at", name

    walk(json.loads(sample.to_json()), "")


# The subjects that the design names, and ours beside them.
@pytest.mark.parametrize(
    ("name", "stream", "subject", "status"),
    [
        ("IntentSubmitted", "INTENTS", "intent.submitted", "PENDING"),
        ("IntentRejected", "INTENTS", "intent.rejected", "REJECTED"),
        ("IntentExpired", "INTENTS", "intent.expired", "EXPIRED"),
        ("PlanCreated", "PLANNED", "execution.planned", "PROCESSING"),
        ("ExecutionCompleted", "EXECUTED", "executed.success", "COMPLETED"),
        ("ExecutionFailed", "EXECUTED", "executed.failed", "FAILED"),
        ("KillSwitchEngaged", "SYSTEM", "system.killswitch", None),
        ("ServiceStopped", "SYSTEM", "system.shutdown", None),
        ("RequestAccepted", "SYSTEM", "request.accepted", None),
    ],
)
def test_is_published_where_the_design_says(name: str, stream: str, subject: str, status: str | None) -> None:
    [sample] = [sample for sample in SAMPLES if sample.type == name]
    assert sample.stream == stream
    assert sample.subject == f"{subject}.{sample.correlation_id}"
    assert EVENT_TYPES[name].status == (None if status is None else IntentStatus(status))


def test_the_same_fact_gets_the_same_id_at_any_time() -> None:
    body = builders.rejected(INTENT_ID)
    first, second = (Envelope.about_intent(body, at_ns=at_ns) for at_ns in (1, 2))
    assert first.id == second.id
    assert first.correlation_id == INTENT_ID


def test_ids_never_change_from_release_to_release() -> None:
    envelope = builders.envelope(builders.rejected(INTENT_ID))
    assert envelope.id == uuid5(NAMESPACE, f"{INTENT_ID}/IntentRejected/")
    planned = builders.envelope(builders.planned(INTENT_ID, slice_index=2))
    assert planned.id == uuid5(NAMESPACE, f"{INTENT_ID}/PlanCreated/2")
    step = builders.envelope(builders.step_submitted(INTENT_ID, PLAN_ID, step=1, attempt=3))
    assert step.id == uuid5(NAMESPACE, f"{INTENT_ID}/ExecutionStepSubmitted/{PLAN_ID}/1/3")
    asked = Envelope.about_request(builders.request_accepted(), at_ns=1)
    assert asked.id == asked.correlation_id == uuid5(NAMESPACE, "request/desk/order-1")
    assert RequestAccepted.intent_id_of("desk", "order-1") == uuid5(NAMESPACE, "intent of request/desk/order-1")


def test_different_facts_get_different_ids() -> None:
    intents = (INTENT_ID, uuid4())
    plans = (PLAN_ID, uuid4())
    bodies: list[IntentEvent] = [
        *(builders.rejected(one) for one in intents),
        *(builders.expired(one) for one in intents),
        *(builders.planned(one, slice_index=index) for one in intents for index in (0, 1)),
        *(
            builders.step_submitted(one, plan, step=step, attempt=attempt)
            for one in intents
            for plan in plans
            for step in (0, 1)
            for attempt in (0, 1)
        ),
        *(builders.step_confirmed(INTENT_ID, plan, step=step) for plan in plans for step in (0, 1)),
    ]
    assert len({builders.envelope(body).id for body in bodies}) == len(bodies)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "IntentVanished"),
        ("version", 2),
        ("version", "1"),
        ("id", "7"),
        ("occurred_at", -1),
        ("occurred_at", 1.5),
        ("correlation_id", None),
        ("body", {}),
        ("body", None),
        ("colour", "red"),
    ],
)
def test_what_is_no_envelope_is_refused(field: str, value: object) -> None:
    document = {**json.loads(SAMPLES[0].to_json()), field: value}
    with pytest.raises((ValidationError, KeyError)):
        Envelope.from_json(json.dumps(document))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_body_makes_the_reader_fail_in_another_way(body: object) -> None:
    document = {**json.loads(SAMPLES[0].to_json()), "body": {"intent_id": body, "intent": body}}
    with pytest.raises(ValidationError):
        Envelope.from_json(json.dumps(document))


@given(st.integers(min_value=0, max_value=2**256 - 1), st.text(max_size=40).filter(str.isprintable))
def test_big_integers_and_any_text_survive_the_round_trip(amount: int, text: str) -> None:
    failed = events.ExecutionFailed(intent_id=INTENT_ID, plan_id=None, code="x", message=text, fee_raw=amount)
    envelope = builders.envelope(failed)
    assert json.loads(envelope.to_json())["body"]["fee_raw"] == str(amount)
    assert Envelope.from_json(envelope.to_json()) == envelope


def test_keeps_what_caused_it() -> None:
    cause = uuid4()
    envelope = Envelope.about_intent(builders.rejected(INTENT_ID), at_ns=1, because_of=cause)
    assert Envelope.from_json(envelope.to_json()).causation_id == cause


def test_a_plan_of_one_path_as_older_journals_have_it_is_read_as_a_plan_of_one_leg() -> None:
    """Such as every journal has from the time before splits: `hops` of the plan, no legs and no bound."""
    plan = builders.a_plan(INTENT_ID)
    envelope = next(sample for sample in SAMPLES if sample.type == "PlanCreated")
    written = json.loads(envelope.to_json())
    older = json.loads(plan.model_dump_json())
    [leg] = older.pop("legs")
    assert older.pop("optimality") is None
    older["hops"] = leg["hops"]
    written["body"]["plan"] = older
    read = Envelope.from_json(json.dumps(written)).body
    assert isinstance(read, events.PlanCreated)
    assert read.plan == plan
    assert read.plan.hops == plan.legs[0].hops
    assert "legs" in json.loads(read.model_dump_json())["plan"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ExecutionCompleted", {"fee_raw": "fee_wei"}),
        ("SliceEnded", {"fee_raw": "fee_wei"}),
        ("IntentValidated", {"native_balance_raw": "native_balance_wei"}),
    ],
)
def test_older_journals_say_wei_and_mean_the_same(name: str, fields: dict[str, str]) -> None:
    [sample] = [sample for sample in SAMPLES if sample.type == name]
    document = json.loads(sample.to_json())
    document["body"] = {fields.get(key, key): value for key, value in document["body"].items()}
    assert set(fields.values()) <= document["body"].keys()
    assert Envelope.from_json(json.dumps(document)) == sample
