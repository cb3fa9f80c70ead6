"""The OpenAPI document: served behind the token, complete, and true of what the API answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
from fastapi.routing import APIRoute

from tests import builders
from tests.unit.api.doubles import DAY_KEY
from tests.unit.api.house import House

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [*(ROOT / "src" / "tradewind").rglob("*.py"), *(ROOT / "crates").glob("*/src/**/*.rs")]


async def test_every_route_is_documented_with_its_problems(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    for route, method, operation in operations_of(house, document):
        responses = operation["responses"]
        expected = {"403", "421", "422", "431", "500", "503"}
        if route.path != "/healthz":
            expected |= {"401"} | ({"429"} if route.path != "/halt" else set())
        if method in {"POST", "PUT"}:
            expected |= {"400", "408", "409", "413", "415"}
        if "{" in route.path:
            expected |= {"404"}
        assert expected <= set(responses), f"{method} {route.path}"
        for status in expected:
            content = responses[status]["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


async def test_every_route_has_a_description_a_name_of_its_own_and_a_described_answer(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    names = set()
    for route, method, operation in operations_of(house, document):
        assert operation["description"], f"{method} {route.path}"
        names.add(operation["operationId"])
        done = {status: answer for status, answer in operation["responses"].items() if status < "300"}
        assert done, f"{method} {route.path}"
        for status, answer in done.items():
            assert status == "204" or next(iter(answer["content"].values()))["schema"], f"{method} {route.path}"
    assert len(names) == len(list(operations_of(house, document)))


async def test_every_operation_names_the_scope_that_it_needs_and_its_key(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    needs = {
        (route.path_format, method): (operation["security"], "Idempotency-Key" in str(operation.get("parameters")))
        for route, method, operation in operations_of(house, document)
    }
    assert needs["/healthz", "GET"] == ([], False)
    assert needs["/quotes", "POST"] == ([{"token": ["read"]}], False)
    assert needs["/intents", "POST"] == ([{"token": ["trade"]}], True)
    assert needs["/intents/{id}/cancel", "POST"] == ([{"token": ["trade"]}], True)
    assert needs["/halt", "GET"] == ([{"token": ["read"]}, {"token": ["halt"]}], False)
    assert needs["/limits/{key}", "PUT"][0] == [{"token": ["admin"]}]
    described = document["components"]["securitySchemes"]["token"]["description"]
    assert all(f"`{scope}`" in described for scope in ("read", "trade", "halt", "admin"))


async def test_streams_are_documented_as_streams_of_envelopes(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    for path in ("/events/stream", "/intents/{id}/events/stream"):
        operation = document["paths"][path]["get"]
        content = operation["responses"]["200"]["content"]
        assert list(content) == ["text/event-stream"]
        assert content["text/event-stream"]["x-event-data"] == {"$ref": "#/components/schemas/Envelope"}
        assert "Last-Event-ID" in {parameter["name"] for parameter in operation["parameters"]}


async def test_the_examples_are_what_the_routes_take(house: House) -> None:
    """The intent that ships with the package, sent as the document shows it."""
    _, document = await house.call("GET", "/openapi.json")
    for _, _, operation in operations_of(house, document):
        if "requestBody" not in operation:
            continue
        media = operation["requestBody"]["content"]["application/json"]
        schema = {**media["schema"], "components": document["components"]}
        for example in media.get("examples", {}).values():
            jsonschema.validate(example["value"], schema, jsonschema.Draft202012Validator)
    [intent] = document["paths"]["/intents"]["post"]["requestBody"]["content"]["application/json"]["examples"].values()
    response, _ = await house.call("POST", "/intents", body=intent["value"])
    assert response.status == 202


async def test_every_documented_code_is_one_that_the_source_raises(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    source = "".join(path.read_text() for path in SOURCES if path.name != "problem_codes.py")
    for route, method, operation in operations_of(house, document):
        for status, answer in operation["responses"].items():
            for code in answer.get("x-codes", ()):
                # The state of a token is a part of its code.
                written = code.replace("token_expired", "expired").replace("token_revoked", "revoked")
                assert f'"{written}"' in source, f"{method} {route.path} {status}: {code}"


async def test_every_reference_leads_somewhere_and_every_schema_is_one(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert "HTTPValidationError" not in schemas


async def test_answers_are_what_the_document_says(house: House) -> None:
    await house.publish(events := builders.lifecycle())
    _, document = await house.call("GET", "/openapi.json")
    own = f"/intents/{events[0].intent_id}"
    for method, path, template, options in (
        ("POST", "/intents", "/intents", {"data": builders.INTENT_JSON}),
        ("GET", "/intents", "/intents", {}),
        ("GET", own, "/intents/{id}", {}),
        ("GET", f"{own}/events", "/intents/{id}/events", {}),
        ("GET", f"/intents/{uuid4()}", "/intents/{id}", {}),
        ("POST", "/intents", "/intents", {"data": "[]"}),
        ("GET", "/events?limit=3", "/events", {}),
        ("POST", "/quotes", "/quotes", {"data": builders.INTENT_JSON}),
        ("POST", f"{own}/cancel", "/intents/{id}/cancel", {"data": "{}"}),
        ("GET", "/portfolio", "/portfolio", {}),
        ("GET", "/limits", "/limits", {}),
        ("PUT", f"/limits/{DAY_KEY}", "/limits/{key}", {"data": '{"value": "7"}'}),
        ("PUT", "/limits/x", "/limits/{key}", {"data": '{"value": "7"}'}),
        ("GET", "/readyz", "/readyz", {}),
        ("GET", "/halt", "/halt", {}),
    ):
        response, answer = await house.call(method, path, **options)
        documented = document["paths"][template][method.lower()]["responses"][str(response.status)]
        schema = documented["content"][response.content_type]["schema"]
        jsonschema.validate(answer, {**schema, "components": document["components"]}, jsonschema.Draft202012Validator)


async def test_the_bodies_that_routes_take_are_documented(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    for path, name in (("/intents", "Intent"), ("/halt", "HaltRequest"), ("/resume", "ResumeRequest")):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": f"#/components/schemas/{name}-Input"}
    schema = {"$ref": "#/components/schemas/Intent-Input", "components": document["components"]}
    jsonschema.validate(
        {**json.loads(builders.INTENT_JSON), "id": str(uuid4())}, schema, jsonschema.Draft202012Validator
    )


async def test_only_health_is_documented_as_open(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    is_open = [route.path for route, _, operation in operations_of(house, document) if not operation["security"]]
    assert is_open == ["/healthz"]


def operations_of(house: House, document: dict[str, Any]) -> Iterator[tuple[APIRoute, str, dict[str, Any]]]:
    """Every route of the application with what the document says of it."""
    for route in house.app.routes:
        assert isinstance(route, APIRoute)
        if not route.include_in_schema:
            assert route.path == "/openapi.json"
            continue
        for method in route.methods or ():
            yield route, method, document["paths"][route.path_format][method.lower()]


def references(part: object) -> Iterator[str]:
    """Every `$ref` below."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield str(value)
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
