"""Bytes that no honest client sends, against a running service: what each gets, and that the next request is served.

Each row says what is expected. One connection carries one row, unless the row is about what follows on it.
"""

import json
import select
import socket
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.deployment import Deployment, deployed
from tradewind.localnet.evm import EvmLocalnet

pytestmark = pytest.mark.asyncio(loop_scope="module")

TIMEOUT_S = 15
MALFORMED = (400, "http_malformed")
TOO_LARGE = (431, "headers_too_large")
HALT = b'{"reason": "smuggled"}'


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The code of a problem."""
        return str(json.loads(self.body)["code"]) if "problem+json" in self.headers.get("content-type", "") else None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory, signer_binary: Path) -> AsyncIterator[Deployment]:
    folder = tmp_path_factory.mktemp("sockets")
    async with EvmLocalnet() as chain, deployed(folder, chain, signer=signer_binary, strict=False) as running:
        yield running


def token_of(service: Deployment) -> str:
    return (service.folder / "data" / "api.token").read_text().strip()


def head(service: Deployment, *lines: str, method: str = "GET", target: str = "/intents") -> bytes:
    """A request's head with the token, and `lines` on top."""
    own = (f"{method} {target} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token_of(service)}")
    return "\r\n".join((*own, *lines)).encode() + b"\r\n\r\n"


def connected(service: Deployment) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=TIMEOUT_S)


def exchange(service: Deployment, *pieces: bytes, half_close: bool = False) -> list[Answer]:
    """Every answer until the server closes, or keeps silent for as long as an answer to `/healthz` takes."""
    with closing(connected(service)) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The server hangs up on what it refuses before it has all of it; what it said is still there.
        return answers_of(received(connection))


def received(connection: socket.socket) -> bytes:
    """Until the server closes; it does after its keep-alive at the latest."""
    data = bytearray()
    try:
        while piece := connection.recv(65_536):
            data += piece
    except ConnectionResetError:
        pass
    return bytes(data)


def answers_of(data: bytes) -> list[Answer]:
    found = []
    while data:
        text, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = text.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0"))
        found.append(Answer(int(first.split()[1]), headers, rest[:length]))
        data = rest[length:]
    return found


async def still_well(service: Deployment) -> None:
    """The service serves, has halted nothing and logged no error."""
    status, switch = await service.request("GET", "/halt")
    assert (status, switch["halted"]) == (200, False)
    assert "request_failed" not in service.log("service")
    assert "Traceback" not in service.log("service")


def verdicts(answers: list[Answer]) -> list[tuple[int, str | None]]:
    return [(answer.status, answer.code) for answer in answers]


# Requests in which two readers could see different ends. Each would hide a halt; none may be read as one.
INNER = b"POST /halt HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMUGGLING = {
    "length and chunks": (["Content-Length: 4", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + INNER),
    "chunks and length": (["Transfer-Encoding: chunked", "Content-Length: 4"], b"0\r\n\r\n" + INNER),
    "two lengths": (["Content-Length: 0", "Content-Length: 60"], INNER),
    "two equal lengths in one": (["Content-Length: 5, 6"], b"hello" + INNER),
    "length with a sign": (["Content-Length: +5"], b"hello"),
    "negative length": (["Content-Length: -1"], b"hello"),
    "hexadecimal length": (["Content-Length: 0x5"], b"hello"),
    "length with a space": (["Content-Length: 5 5"], b"hello"),
    "endless length": (["Content-Length: " + "9" * 100], b"hello"),
    "unknown coding": (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n"),
    "identity coding": (["Transfer-Encoding: identity"], b"hello"),
    "two codings": (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    "coding in disguise": (["Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
    "space before the colon": (["Transfer-Encoding : chunked"], b"0\r\n\r\n"),
    "name with a space": (["X Note: one"], b""),
    "no name": ([": nothing"], b""),
    "no colon": (["nothing"], b""),
    "NUL in a value": (["X-Note: a\0b"], b""),
    "carriage return in a value": (["X-Note: a\rContent-Length: 5"], b"hello"),
}


@pytest.mark.parametrize("case", SMUGGLING)
async def test_a_request_with_two_possible_ends_is_refused_and_its_connection_closed(
    service: Deployment, case: str
) -> None:
    lines, after = SMUGGLING[case]
    [answer] = exchange(service, head(service, *lines, method="POST", target="/halt") + after)
    # An endless length, and a coding that exists but is not ours, are well formed and refused as what they are.
    assert (answer.status, answer.code) in {MALFORMED, (413, "body_too_large"), (501, None)}, answer
    await still_well(service)


@pytest.mark.parametrize(
    ("case", "chunks"),
    {
        "size is no number": b"zz\r\n" + HALT + b"\r\n0\r\n\r\n",
        "negative size": b"-16\r\n" + HALT + b"\r\n0\r\n\r\n",
        "size with 0x": b"0x16\r\n" + HALT + b"\r\n0\r\n\r\n",
        "size beyond 64 bits": b"f" * 40 + b"\r\n" + HALT + b"\r\n0\r\n\r\n",
        "no end of line after the data": b"16\r\n" + HALT + b"0\r\n\r\n",
        "more data than said": b"2\r\n" + HALT + b"\r\n0\r\n\r\n",
        "bare line feeds": b"16\n" + HALT + b"\n0\n\n",
    }.items(),
)
async def test_chunks_that_do_not_add_up_are_refused(service: Deployment, case: str, chunks: bytes) -> None:
    request = head(
        service, "Transfer-Encoding: chunked", "Content-Type: application/json", method="POST", target="/halt"
    )
    answers = exchange(service, request + chunks, half_close=True)
    assert len(answers) <= 1, case
    assert all(answer.status in {400, 408, 413} for answer in answers), (case, answers)
    await still_well(service)


# Not one of these is a request of HTTP/1.1.
GIBBERISH = {
    "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "HTTP/0.9": b"GET /intents\r\n\r\n",
    "HTTP/3.0": b"GET /intents HTTP/3.0\r\nHost: localhost\r\n\r\n",
    "no version": b"GET /intents HTTP/\r\nHost: localhost\r\n\r\n",
    "no method": b" /intents HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two spaces": b"GET  /intents HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a space in the path": b"GET /int ents HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "NUL in the path": b"GET /int\0ents HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "NUL in the method": b"G\0T /intents HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bytes beyond ASCII in the path": b"GET /int\xff\xfeents HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "a line of NULs": bytes(1000) + b"\r\n\r\n",
    "no host": b"GET /intents HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("case", GIBBERISH)
async def test_what_is_not_http_is_told_so_and_hung_up_on(service: Deployment, case: str) -> None:
    [answer] = exchange(service, GIBBERISH[case])
    assert (answer.status, answer.code) == MALFORMED
    assert answer.headers["connection"] == "close"
    await still_well(service)


async def test_a_folded_header_is_one_line_and_what_follows_its_request_is_not_hidden(service: Deployment) -> None:
    """RFC 9112 lets a server read a fold as a space: this request has no body, so the rest is one of its own."""
    folded = head(service, "X-Note: one", " Transfer-Encoding: chunked", method="POST", target="/halt")
    answers = exchange(service, folded + b"0\r\n\r\n" + INNER)
    assert verdicts(answers) == [(415, "content_type_not_json"), MALFORMED]
    await still_well(service)


async def test_bare_line_feeds_end_lines_and_hide_nothing(service: Deployment) -> None:
    """RFC 9112 lets a reader take them for line ends. One way of reading is what matters: this is one request."""
    request = head(service).replace(b"\r\n", b"\n")
    [answer] = exchange(service, request, half_close=True)
    assert answer.status in {200, 400}
    await still_well(service)


# The path as sent, and what it is: never another route than the one that its scope was looked up for.
PATHS = {
    "//intents": (404, "route_not_found"),
    "/intents/": (404, "route_not_found"),
    "/./intents": (404, "route_not_found"),
    "/healthz/../intents": (404, "route_not_found"),
    "/%2e%2e/intents": (404, "route_not_found"),
    "/..%2fintents": (404, "route_not_found"),
    "/intents%2f": (404, "route_not_found"),
    "/intents;a=b": (404, "route_not_found"),
    "/intents%00": (400, "http_malformed"),
    "/INTENTS": (404, "route_not_found"),
    "/intents%20": (404, "route_not_found"),
    "/%69ntents": (200, None),
    "/intents?": (200, None),
    "/intents#x": (404, "route_not_found"),
    "/intents%23": (404, "route_not_found"),
    "/%ff%fe": (404, "route_not_found"),
    "/intents/%2e%2e/halt": (404, "route_not_found"),
    "http://localhost/intents": (400, "http_malformed"),
    "https://evil.example/intents": (400, "http_malformed"),
    "localhost:443": (400, "http_malformed"),
}


@pytest.mark.parametrize("path", PATHS)
async def test_a_path_is_taken_as_it_is_and_never_tidied(service: Deployment, path: str) -> None:
    answer, *more = exchange(service, head(service, "Connection: close", target=path))
    assert ((answer.status, answer.code), more) == (PATHS[path], [])
    await still_well(service)


@pytest.mark.parametrize(
    "path", ["/healthz/../intents", "//intents", "/healthz%2f..%2fintents", "/healthz%00", "/healthz;"]
)
async def test_no_path_trick_gets_past_the_token(service: Deployment, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    [answer] = exchange(service, request)
    assert answer.status in {400, 401}


async def test_ten_megabytes_of_headers_are_refused_after_sixteen_kilobytes(service: Deployment) -> None:
    start = time.monotonic()
    for lines in (["X-Long: " + "x" * (10 << 20)], [f"X-{n}: {'x' * 1000}" for n in range(10_000)]):
        answers = exchange(service, head(service, *lines))
        # The refusal can be lost: the server resets a connection on which much is still on its way.
        assert verdicts(answers) in ([TOO_LARGE], [])
    assert time.monotonic() - start < TIMEOUT_S
    await still_well(service)


async def test_a_target_of_sixteen_kilobytes_is_refused(service: Deployment) -> None:
    assert verdicts(exchange(service, head(service, target="/" + "a" * 20_000))) in ([TOO_LARGE], [])
    await still_well(service)


async def test_headers_that_trickle_in_are_cut_off_while_others_are_served(service: Deployment) -> None:
    """Slowloris: forty connections that never end their headers; each is gone within its five seconds."""
    slow = [connected(service) for _ in range(40)]
    for connection in slow:
        connection.sendall(b"GET /intents HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    start = time.monotonic()
    assert (await service.request("GET", "/intents"))[0] == 200
    assert select.select([slow[-1]], [], [], 0) == ([], [], [])
    for connection in slow:
        assert received(connection) == b""
        connection.close()
    # One after the other they would take two hundred.
    assert time.monotonic() - start < 60
    await still_well(service)


async def test_a_halt_gets_through_while_every_connection_is_taken(service: Deployment) -> None:
    """Three hundred idle connections are more than the service keeps: the oldest go, a new one is served."""
    idle = [connected(service) for _ in range(300)]
    status, halted = await service.request("POST", "/halt", {"reason": "crowded"})
    assert (status, halted["halted"]) == (200, True)
    await service.request("POST", "/resume", {"kill_epoch": halted["kill_epoch"], "confirm": "resume"})
    for connection in idle:
        connection.close()
    await still_well(service)


async def test_requests_in_a_row_on_one_connection_are_answered_in_their_order(service: Deployment) -> None:
    targets = ["/healthz", "/nothing", "/intents?limit=1", "/halt", "/intents/none"]
    requests = [head(service, target=target) for target in targets[:-1]]
    answers = exchange(service, b"".join(requests) + head(service, "Connection: close", target=targets[-1]))
    assert verdicts(answers) == [
        (200, None),
        (404, "route_not_found"),
        (200, None),
        (200, None),
        (422, "uuid_malformed"),
    ]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(targets)


async def test_a_body_is_not_taken_for_the_next_request(service: Deployment) -> None:
    lines = (f"Content-Length: {len(INNER)}", "Content-Type: application/json")
    request = head(service, *lines, method="POST", target="/halt") + INNER
    answers = exchange(service, request + head(service, "Connection: close", target="/healthz"))
    assert verdicts(answers) == [(400, "json_malformed"), (200, None)]
    await still_well(service)


async def test_a_client_that_has_said_all_it_will_say_still_gets_its_answer(service: Deployment) -> None:
    [answer] = exchange(service, head(service, "Connection: close", target="/intents"), half_close=True)
    assert answer.status == 200


async def test_a_client_that_leaves_in_the_middle_of_its_body_changes_nothing(service: Deployment) -> None:
    lines = ("Content-Length: 100", "Content-Type: application/json")
    with closing(connected(service)) as connection:
        connection.sendall(head(service, *lines, method="POST", target="/halt") + HALT)
    await still_well(service)


async def test_nobody_is_upgraded_to_a_websocket_or_another_protocol(service: Deployment) -> None:
    websocket = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    for lines in (
        (*websocket, key),
        ("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABk"),
    ):
        answer = exchange(service, head(service, *lines, target="/healthz"), half_close=True)[0]
        assert answer.status == 200
        assert "upgrade" not in answer.headers
    await still_well(service)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "PRI", "get", "BREW", "X" * 300])
async def test_a_strange_method_is_never_served(service: Deployment, method: str) -> None:
    [answer] = exchange(service, head(service, "Connection: close", method=method, target="/intents"))
    assert answer.status in {400, 405}
    assert token_of(service).encode() not in answer.body
    await still_well(service)


async def test_a_client_that_waits_for_permission_is_refused_before_it_sends_its_body(service: Deployment) -> None:
    lines = ("Content-Length: 99999999", "Expect: 100-continue")
    with closing(connected(service)) as connection:
        connection.sendall(head(service, *lines, method="POST", target="/halt"))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")
    await still_well(service)
