"""The schemas that are kept equal the models, and every event satisfies its own."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from tests import builders
from tradewind.domain import schemas
from tradewind.domain.events import EVENT_TYPES, Envelope

SAMPLES = builders.one_of_each()


def validator(name: str) -> Draft202012Validator:
    contents = {key: json.loads(text) for key, text in schemas.stored().items()}
    registry: Registry[Any] = Registry().with_resources(
        (key, Resource.from_contents(content)) for key, content in contents.items()
    )
    return Draft202012Validator(contents[name], registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_what_is_kept_is_what_the_models_say() -> None:
    assert schemas.stored() == schemas.generate(), "run: python -m tradewind.domain.schemas"
    assert len(schemas.stored()) == len(EVENT_TYPES) + 1


@pytest.mark.parametrize("name", schemas.stored())
def test_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(schemas.stored()[name]))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.type)
def test_every_event_satisfies_its_schema(sample: Envelope) -> None:
    document = json.loads(sample.to_json())
    validator(f"{sample.type}.v1.json").validate(document["body"])
    validator(schemas.ENVELOPE_FILE).validate(document)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.type)
def test_a_body_under_another_types_name_is_refused(sample: Envelope) -> None:
    document = json.loads(sample.to_json())
    document["type"] = "IntentValidated" if sample.type != "IntentValidated" else "PlanCreated"
    with pytest.raises(ValidationError):
        validator(schemas.ENVELOPE_FILE).validate(document)


def test_an_amount_is_a_string_of_digits() -> None:
    [sample] = [sample for sample in SAMPLES if sample.type == "ExecutionCompleted"]
    body = json.loads(sample.to_json())["body"]
    for wrong in (7, "7.5", "-7", "0x7", "007"):
        with pytest.raises(ValidationError):
            validator("ExecutionCompleted.v1.json").validate({**body, "fee_raw": wrong})
