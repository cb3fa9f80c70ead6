"""Listening: on the port that was asked for or not at all, within limits of time, and stopping in good order."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests import builders
from tests.unit.api.house import open_house
from tradewind.api.limits import Limits
from tradewind.api.server import ApiServer
from tradewind.errors import Misconfigured


async def says_hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def closed_by_the_server(reader: asyncio.StreamReader) -> bytes:
    """Whatever the server still sends until it closes the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""


async def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured) as caught:
            async with ApiServer(says_hello, host="127.0.0.1", port=port):
                pass
    assert caught.value.code == "port_in_use"
    assert str(port) in str(caught.value)
    assert "api.port" in str(caught.value)


async def test_an_address_that_is_not_ours_is_a_configuration_error() -> None:
    with pytest.raises(Misconfigured) as caught:
        async with ApiServer(says_hello, host="192.0.2.1", port=0):
            pass
    assert caught.value.code == "address_unusable"


async def test_the_port_can_be_taken_again_at_once_after_a_stop() -> None:
    async with ApiServer(says_hello, host="127.0.0.1", port=0) as first:
        port = int(first.url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    async with ApiServer(says_hello, host="127.0.0.1", port=port) as second:
        assert second.url == first.url


async def test_small_answers_are_not_delayed_by_the_kernel() -> None:
    async with ApiServer(says_hello, host="127.0.0.1", port=0) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        while not server.connections:
            await asyncio.sleep(0)
        [accepted] = server.connections
        kernel_socket = accepted.transport.get_extra_info("socket")
        assert kernel_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        writer.close()


async def test_a_request_under_way_is_answered_before_the_server_stops(tmp_path: Path) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        entered.set()
        await go_on.wait()

    async with open_house(tmp_path) as house:
        house.door.wait = wait
        request = asyncio.create_task(house.call("POST", "/intents", data=builders.INTENT_JSON))
        await entered.wait()
        stopping = asyncio.create_task(house.server.__aexit__(None, None, None))
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", house.port)
            except ConnectionError:
                break
            writer.close()
        assert not request.done()
        go_on.set()
        response, receipt = await request
        await stopping
        assert (response.status, receipt["status"]) == (202, "PENDING")


async def test_headers_that_trickle_in_are_given_up() -> None:
    async with ApiServer(says_hello, host="127.0.0.1", port=0, limits=Limits(header_s=1)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        closed = asyncio.create_task(closed_by_the_server(reader))
        writer.write(b"GET / HTTP/1.1\r\n")
        while not closed.done():
            # Bytes that keep coming must not keep the connection.
            writer.write(b"X-Slow: 1\r\n")
            await asyncio.sleep(0.02)
        assert await closed == b""
        writer.close()


async def test_a_connection_that_sends_nothing_is_given_up() -> None:
    async with ApiServer(says_hello, host="127.0.0.1", port=0, limits=Limits(header_s=0.05)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        assert await closed_by_the_server(reader) == b""
        writer.close()


async def test_a_body_that_nobody_wants_any_more_cannot_hold_the_connection() -> None:
    async with ApiServer(says_hello, host="127.0.0.1", port=0, limits=Limits(header_s=0.1)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        closed = asyncio.create_task(closed_by_the_server(reader))
        while not closed.done():
            writer.write(b"x")
            await asyncio.sleep(0.02)
        assert b"hello" in await closed
        writer.close()


async def test_a_connection_is_kept_between_requests_that_come_in_time() -> None:
    async with ApiServer(says_hello, host="127.0.0.1", port=0, limits=Limits(header_s=5)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = await asyncio.wait_for(reader.readuntil(b"hello"), 10)
            assert answer.startswith(b"HTTP/1.1 200")
        writer.close()


async def test_headers_beyond_the_limit_are_refused_as_a_problem() -> None:
    async with ApiServer(says_hello, host="127.0.0.1", port=0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 40_000)
        answer = await closed_by_the_server(reader)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431")
        assert json.loads(body)["code"] == "headers_too_large"
        writer.close()


async def test_the_signals_of_the_process_are_left_alone() -> None:
    received = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, received.set)
    try:
        async with ApiServer(says_hello, host="127.0.0.1", port=0) as server:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(received.wait(), 10)
            reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" in await asyncio.wait_for(reader.readline(), 10)
            writer.close()
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def test_one_connection_too_many_closes_the_one_that_was_idle_for_longest() -> None:
    async with ApiServer(
        says_hello, host="127.0.0.1", port=0, limits=Limits(connections=3, header_s=60, keep_alive_s=60)
    ) as server:
        port = int(server.url.rpartition(":")[2])
        kept = []
        for count in (1, 2, 3):
            kept.append(await asyncio.open_connection("127.0.0.1", port))
            while len(server.connections) < count:
                await asyncio.sleep(0)
        # The first has just been heard of; the second has not since it came.
        kept[0][1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(kept[0][0].readuntil(b"hello"), 10)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"hello"), 10)).startswith(b"HTTP/1.1 200")
        assert await closed_by_the_server(kept[1][0]) == b""
        assert not kept[0][0].at_eof()
        assert not kept[2][0].at_eof()
        for _, open_writer in (*kept, (reader, writer)):
            open_writer.close()


async def test_a_connection_with_a_request_in_hand_is_never_the_one_that_is_closed(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(connections=2, keep_alive_s=60)) as house:
        entered, go_on = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            entered.set()
            await go_on.wait()

        house.door.wait = wait
        busy = asyncio.create_task(house.call("POST", "/intents", data=builders.INTENT_JSON))
        await entered.wait()
        for _ in range(10):
            _, writer = await asyncio.open_connection("127.0.0.1", house.port)
            writer.close()
        go_on.set()
        assert (await busy)[0].status == 202


async def test_a_client_that_says_no_more_gets_the_answer_to_what_it_asked() -> None:
    go_on = asyncio.Event()

    async def thinks(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await says_hello(scope, receive, send)

    async with ApiServer(thinks, host="127.0.0.1", port=0) as server, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while not server.connections:
            await asyncio.sleep(0)
        [accepted] = server.connections
        writer.write_eof()
        while accepted.cycle is None or accepted.cycle.keep_alive:
            await asyncio.sleep(0)
        go_on.set()
        assert b"hello" in await closed_by_the_server(reader)
        writer.close()
