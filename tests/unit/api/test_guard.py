"""What stands before every route: host, origin, token, size and load, over real sockets."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message

from tests import builders
from tests.unit.api.house import House, open_house
from tradewind.api.guard import PUBLIC
from tradewind.api.limits import Limits
from tradewind.api.scopes import Scope
from tradewind.observability import events as observe

LOOPBACK_NAMES = ["127.0.0.1", "localhost", "LocalHost", "[::1]"]


def routes_of(house: House) -> list[tuple[str, str]]:
    """Every method and path there is, with an id filled in."""
    found = []
    for route in house.app.routes:
        assert isinstance(route, APIRoute), f"{route} is not a route that the guard's tests know"
        path = route.path.replace("{id}", str(builders.STRATEGY_ID)).replace(":path", "").replace("{key}", "x")
        found += [(method, path) for method in route.methods or ()]
    return found


async def raw_exchange(house: House, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; the status, headers and body of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    try:
        writer.write(request)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await asyncio.wait_for(reader.readexactly(int(headers.get("content-length", "0"))), 10)
        return int(first.split()[1]), headers, body
    finally:
        writer.close()


async def test_every_route_but_the_public_ones_needs_the_token(house: House) -> None:
    routes = routes_of(house)
    assert len(routes) >= 9
    for method, path in routes:
        for authorization in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {house.token}"}):
            async with house.client.request(method, house.url + path, headers=authorization) as response:
                expected = 200 if path in PUBLIC else 401
                assert response.status == expected, f"{method} {path} with {authorization}"
                if expected == 401:
                    assert response.headers["WWW-Authenticate"].startswith("Bearer")
                    assert "decimal" not in await response.text()
    assert frozenset({"/healthz"}) == PUBLIC


async def test_a_path_that_does_not_exist_needs_the_token_too(house: House) -> None:
    async with house.client.get(f"{house.url}/secret") as response:
        assert response.status == 401
    response, problem = await house.call("GET", "/secret")
    assert (response.status, problem["code"]) == (404, "route_not_found")


async def test_a_public_path_is_public_for_reading_alone(house: House) -> None:
    async with house.client.post(f"{house.url}/healthz") as response:
        assert response.status == 401


async def test_no_token_is_taken_from_the_query_or_a_cookie(house: House) -> None:
    async with house.client.get(f"{house.url}/intents?token={house.token}&access_token={house.token}") as response:
        assert response.status == 401
    async with house.client.get(f"{house.url}/intents", headers={"Cookie": f"token={house.token}"}) as response:
        assert response.status == 401


async def test_two_authorization_headers_are_refused_even_when_one_is_right(house: House) -> None:
    for tokens in ((house.token, "wrong"), ("wrong", house.token)):
        lines = "".join(f"Authorization: Bearer {token}\r\n" for token in tokens)
        status, _, _ = await raw_exchange(house, f"GET /intents HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        assert status == 401


async def test_a_token_with_bytes_that_are_not_text_is_wrong_and_nothing_worse(house: House) -> None:
    request = b"GET /intents HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\xed\r\n\r\n"
    status, _, body = await raw_exchange(house, request)
    assert (status, json.loads(body)["code"]) == (401, "token_wrong")


@pytest.mark.parametrize("name", LOOPBACK_NAMES)
async def test_a_loopback_name_with_any_port_is_our_host(house: House, name: str) -> None:
    for host in (name, f"{name}:1234"):
        response, _ = await house.call("GET", "/intents", headers={"Host": host})
        assert response.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8420",
        "127.0.0.1.evil.example",
        # Names that public resolvers answer with 127.0.0.1, the tool of DNS rebinding.
        "127.0.0.1.nip.io",
        "localtest.me",
        "localhost.evil.example",
        "localhost.",
        "127.0.0.1.",
        "",
        ":8420",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - a name, not an address to bind
        "127.0.0.2",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::2]",
        "::1",
        "[::1",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "localhost:",
        "localhost:port",
        "localhost:8420:8420",
        "localhost@evil.example",
        "user@localhost",
        "user:pass@127.0.0.1:8420",
        "localhost, evil.example",
        "localhost/evil",
        "localhost\tevil.example",
        "http://localhost",
    ],
)
async def test_another_host_is_misdirected_even_with_the_token(house: House, host: str) -> None:
    request = f"GET /intents HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {house.token}\r\n\r\n"
    status, _, body = await raw_exchange(house, request.encode())
    assert (status, json.loads(body)["code"]) == (421, "host_not_allowed")


@pytest.mark.parametrize("hosts", [("localhost", "evil.example"), ("evil.example", "localhost"), ("localhost",) * 2])
async def test_two_host_headers_are_no_request_at_all(house: House, hosts: tuple[str, str]) -> None:
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    request = f"GET /intents HTTP/1.1\r\n{lines}Authorization: Bearer {house.token}\r\n\r\n"
    status, _, body = await raw_exchange(house, request.encode())
    assert (status, json.loads(body)["code"]) == (400, "http_malformed")


@pytest.mark.parametrize(
    "target", ["http://localhost/intents", "http://evil.example/intents", "localhost:8420", "intents", "?a=1"]
)
async def test_a_target_that_is_not_a_path_is_no_request_for_us(house: House, target: str) -> None:
    """An absolute target would name a second host beside the header; nothing that speaks to us needs it."""
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {house.token}\r\n\r\n"
    status, headers, body = await raw_exchange(house, request.encode())
    assert (status, json.loads(body)["code"]) == (400, "http_malformed")
    assert headers["connection"] == "close"


async def test_a_request_without_a_host_is_misdirected(house: House) -> None:
    status, _, body = await raw_exchange(house, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (421, "host_not_allowed")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://127.0.0.1:1",
        "http://localhost",
        "https://localhost",
        "http://localhost.evil.example",
        "http://user@127.0.0.1",
        "file://",
        "chrome-extension://abcdefghijklmnop",
    ],
)
async def test_a_page_of_another_origin_is_refused_even_with_the_token(house: House, origin: str) -> None:
    for method, path in (("POST", "/halt"), ("GET", "/intents"), ("OPTIONS", "/intents"), ("GET", "/healthz")):
        response, problem = await house.call(method, path, headers={"Origin": origin})
        assert (response.status, problem["code"]) == (403, "origin_not_allowed")
        assert "Access-Control-Allow-Origin" not in response.headers
    assert house.switch.calls == []


async def test_a_page_that_this_address_served_itself_may_ask(house: House) -> None:
    response, _ = await house.call("GET", "/intents", headers={"Origin": house.url})
    assert response.status == 200


async def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(house: House) -> None:
    limit = house.settings.api.max_body_bytes
    for chunked in (False, True):
        for size, status in ((limit, 202), (limit + 1, 413), (limit * 20, 413)):
            padded = builders.INTENT_JSON.encode().ljust(size)

            async def pieces(padded: bytes = padded) -> AsyncIterator[bytes]:
                for start in range(0, len(padded), 8_192):
                    yield padded[start : start + 8_192]

            response, answer = await house.call("POST", "/intents", data=pieces() if chunked else io.BytesIO(padded))
            assert response.status == status, f"{size} bytes, chunked={chunked}"
            if status == 413:
                assert answer["code"] == "body_too_large"
                assert answer["detail"] == f"The body is larger than {limit} bytes."


async def test_the_declared_length_is_refused_before_the_body_is_sent(house: House) -> None:
    request = (
        f"POST /halt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {house.token}\r\n"
        "Content-Length: 99999999\r\n\r\n"
    )
    status, _, _ = await raw_exchange(house, request.encode())
    assert status == 413


async def test_a_body_that_never_arrives_is_given_up(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(body_s=0.05)) as house:
        request = (
            f"POST /halt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {house.token}\r\n"
            'Content-Length: 10\r\n\r\n{"a":'
        )
        status, _, body = await raw_exchange(house, request.encode())
        assert (status, json.loads(body)["code"]) == (408, "body_too_slow")


async def test_requests_beyond_the_limit_are_turned_away_but_a_halt_is_not(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(requests_in_flight=1)) as house:
        entered, go_on = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            entered.set()
            await go_on.wait()

        house.door.wait = wait
        first = asyncio.create_task(house.call("POST", "/intents", data=builders.INTENT_JSON))
        await entered.wait()
        response, problem = await house.call("GET", "/intents")
        assert (response.status, problem["code"]) == (503, "too_many_requests_in_flight")
        assert response.headers["Retry-After"] == "1"
        response, _ = await house.call("POST", "/halt", body={"reason": "test"})
        assert response.status == 200
        go_on.set()
        response, _ = await first
        assert response.status == 202
        response, _ = await house.call("GET", "/intents")
        assert response.status == 200


async def test_head_answers_like_get_without_the_body(house: House) -> None:
    got, _ = await house.call("GET", "/intents")
    headed, nothing = await house.call("HEAD", "/intents")
    assert (headed.status, nothing) == (200, None)
    for name in ("Content-Type", "Content-Length"):
        assert headed.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/intents", "GET, HEAD, OPTIONS, POST"),
        ("/halt", "GET, HEAD, OPTIONS, POST"),
        ("/resume", "OPTIONS, POST"),
        ("/healthz", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_and_a_wrong_method_both_name_what_is_possible(house: House, path: str, methods: str) -> None:
    response, body = await house.call("OPTIONS", path)
    assert (response.status, response.headers["Allow"], body) == (204, methods, None)
    response, problem = await house.call("DELETE", path)
    assert (response.status, response.headers["Allow"]) == (405, methods)
    assert problem["code"] == "method_not_allowed"


async def test_options_of_a_path_that_does_not_exist_is_not_found(house: House) -> None:
    response, problem = await house.call("OPTIONS", "/secret")
    assert (response.status, problem["code"]) == (404, "route_not_found")


async def test_every_answer_has_a_request_id_of_our_own_and_may_not_be_stored(house: House) -> None:
    seen = set()
    for method, path in (("GET", "/healthz"), ("GET", "/intents"), ("GET", "/secret"), ("PUT", "/halt")):
        response, body = await house.call(method, path, headers={"X-Request-Id": "mine"})
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in response.headers
        if "request_id" in body:
            assert body["request_id"] == response.headers["X-Request-Id"]
        seen.add(response.headers["X-Request-Id"])
    assert len(seen) == 4
    assert "mine" not in seen


async def test_every_route_refuses_a_query_parameter_that_it_does_not_know(house: House) -> None:
    for method, path in routes_of(house):
        response, problem = await house.call(method, f"{path}?nonsense=1", data="{}" if method == "POST" else None)
        assert response.status == 422, f"{method} {path}"
        assert [fault["code"] for fault in problem["faults"]] == ["unknown_parameter"]
    assert house.switch.calls == []


async def test_a_websocket_is_closed_before_any_route_sees_it(house: House) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await house.app({"type": "websocket", "path": "/intents", "headers": [], "query_string": b""}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_no_page_documents_the_api_to_a_browser(house: House) -> None:
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        response, _ = await house.call("GET", path)
        assert response.status == 404


async def test_a_page_that_gives_two_origins_is_refused_even_when_one_is_ours(house: House) -> None:
    request = (
        f"GET /intents HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n"
        f"Authorization: Bearer {house.token}\r\n\r\n"
    )
    status, _, body = await raw_exchange(house, request.encode())
    assert (status, json.loads(body)["code"]) == (403, "origin_not_allowed")


async def test_streams_hold_places_of_their_own_and_no_more_than_allowed(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(requests_in_flight=1, streams=2)) as house:
        own = {"Authorization": f"Bearer {house.token}"}
        opened = [await house.client.get(f"{house.url}/events/stream", headers=own) for _ in range(2)]
        assert [response.status for response in opened] == [200, 200]
        response, problem = await house.call("GET", "/events/stream")
        assert (response.status, problem["code"]) == (503, "too_many_streams")
        assert (await house.call("GET", "/intents"))[0].status == 200
        opened.pop().close()
        while (again := await house.client.get(f"{house.url}/events/stream", headers=own)).status == 503:
            again.close()
            await asyncio.sleep(0.01)
        assert again.status == 200
        for response in (*opened, again):
            response.close()


async def test_refusals_are_logged_with_whose_token_it_was_and_cannot_fill_the_log(house: House) -> None:
    heard: list[dict[str, object]] = []
    observe.listen(lambda name, fields: heard.append(fields) if name == "request_refused" else None)
    _, token = house.new_token("looker", Scope.READ)
    response, _ = await house.call("POST", "/halt", body={"reason": "x"}, headers={"Authorization": f"Bearer {token}"})
    assert heard == [
        {
            "request_id": response.headers["X-Request-Id"],
            "status": 403,
            "code": "scope_missing",
            "token": "looker",
            "left_out": 0,
        }
    ]
    for _ in range(150):
        await house.call("GET", "/intents", headers={"Authorization": "Bearer guess"})
    assert len(heard) == 100
    await house.clock.advance(1)
    await house.call("GET", "/intents", headers={"Authorization": "Bearer guess"})
    assert heard[-1]["left_out"] == 51
    assert {fields["token"] for fields in heard[1:]} == {None}


async def test_a_query_that_breaks_a_rule_of_our_own_is_named_and_no_error_of_the_service(house: House) -> None:
    response, problem = await house.call("GET", "/intents?wallet=0x12")
    assert response.status == 422
    assert [(fault["field"], fault["code"]) for fault in problem["faults"]] == [("query.wallet", "address_malformed")]
