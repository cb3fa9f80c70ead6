"""The OpenAPI document: served behind the token, complete, and true of what the API answers."""

import json
from collections.abc import Iterator
from uuid import uuid4

import jsonschema
from fastapi.routing import APIRoute

from tests import builders
from tests.unit.api.house import House


async def test_every_route_is_documented_with_its_problems(house: House) -> None:
    _, document = await house.call("GET", "/openapi.json")
    for route in house.app.routes:
        assert isinstance(route, APIRoute)
        if not route.include_in_schema:
            assert route.path == "/openapi.json"
            continue
        for method in route.methods or ():
            responses = document["paths"][route.path][method.lower()]["responses"]
            expected = {"403", "421", "422", "500", "503"} | ({"401"} if route.path != "/healthz" else set())
            if method == "POST":
                expected |= {"400", "408", "409", "413", "415"}
            if "{id}" in route.path:
                expected |= {"404"}
            assert expected <= set(responses), f"{method} {route.path}"
            for status in expected:
                content = responses[status]["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


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
    assert document["security"] == [{"token": []}]
    operations = {path: operation for path, methods in document["paths"].items() for operation in methods.values()}
    assert [path for path, operation in operations.items() if "security" in operation] == ["/healthz"]


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
