"""A service that answers by script, byte for byte, and remembers what it was asked: for what a real one rarely does."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """Answers each request with the next of `answers`; None hangs up without one."""

    answers: list[bytes | None]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


def answer(status: int, document: object, **headers: str) -> bytes:
    """A whole answer, after which the connection is closed."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = {"Content-Length": str(len(body)), "Connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body


def problem(
    status: int, code: str, *, disposition: str = "reject", faults: Sequence[object] = (), **headers: str
) -> bytes:
    """A problem as the service words it."""
    document = {
        "type": f"urn:tradewind:problem:{code}", "title": "No", "status": status, "detail": "Why.", "code": code,
        "instance": "/", "request_id": "ab", "disposition": disposition, "faults": list(faults),
    }  # fmt: skip
    return answer(status, document, **headers)


def stream(text: str) -> bytes:
    """A stream of events that breaks off behind `text`."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + text.encode()


@asynccontextmanager
async def scripted(*answers: bytes | None) -> AsyncIterator[Script]:
    """The service, until the block ends."""
    script = Script(list(answers))

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        method, target, _ = first.split(" ")
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        script.asked.append(Asked(method, target, headers, body))
        said = script.answers.pop(0)
        if said is not None:
            writer.write(said)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield script
