"""The client of the HTTP API: problems become errors with the right exit code; silence is told apart."""

import asyncio

import pytest

from tradewind.cli.exit_code import exit_code_of
from tradewind.cli.service_client import ServiceClient, error_of
from tradewind.errors import InvalidInput, TradewindError


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (400, "json_malformed", 2),
        (401, "token_wrong", 2),
        (404, "intent_not_found", 1),
        (409, "intent_changed", 1),
        (413, "body_too_large", 2),
        (422, "slippage_above_strategy", 1),
        (500, "internal_error", 1),
        (503, "halted", 1),
        (503, "journal_unavailable", 3),
    ],
)
def test_a_problem_becomes_an_error_with_its_code(status: int, code: str, exit_code: int) -> None:
    error = error_of(status, {"code": code, "detail": "Why."})
    assert (error.code, exit_code_of(error)) == (code, exit_code)
    assert "Why." in str(error)


def test_the_faults_of_a_problem_keep_their_fields() -> None:
    fault = {"field": "assets.0.amount", "code": "amount_zero", "message": "must be greater than zero."}
    error = error_of(422, {"code": "amount_zero", "detail": "no", "faults": [fault]})
    assert isinstance(error, InvalidInput)
    assert [(f.field, f.code) for f in error.faults] == [("assets.0.amount", "amount_zero")]


@pytest.mark.parametrize("answer", [b"<html>hello</html>", b"[1]", b""], ids=["html", "array", "empty"])
async def test_something_else_on_the_port_is_not_taken_for_the_service(answer: bytes) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, ServiceClient(f"http://127.0.0.1:{port}", "token") as service:
        with pytest.raises(TradewindError) as caught:
            await service.intent("x")
    assert caught.value.code == "answer_malformed"


async def test_a_closed_port_is_unreachable_and_the_remedy_is_to_start_the_service() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with ServiceClient(f"http://127.0.0.1:{port}", "token") as service:
        with pytest.raises(TradewindError) as caught:
            await service.intent("x")
    assert caught.value.code == "service_unreachable"
    assert "tradewind up" in (caught.value.remedy or "")
