"""Sends intents over several connections at once, in a process of its own; asked and answering in JSON lines.

{"port": .., "token": "..", "intent": {..}, "count": .., "connections": ..}
-> {"seconds": .., "latencies_ms": [..], "accepted": [ids], "refused": [first answers that are no 202]}
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4


class Sender:
    """The intents that are still to be sent, and what came back. Everything is made before the clock starts."""

    def __init__(self, order: dict[str, Any]) -> None:
        ids = [uuid4() for _ in range(order["count"])]
        self._todo: Iterator[tuple[UUID, bytes]] = iter([(i, _request(order, i)) for i in ids])
        self.latencies_ms: list[float] = []
        self.answers: list[tuple[UUID, bytes, bytes]] = []

    async def work(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send one, wait for its answer, send the next, until there is none left."""
        for intent_id, request in self._todo:
            start = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_content_length(head))
            self.latencies_ms.append((time.perf_counter() - start) * 1e3)
            self.answers.append((intent_id, head, body))

    def accepted(self) -> list[str]:
        """The ids that a 202 gave a receipt for."""
        return [str(i) for i, head, body in self.answers if _is_202(head) and json.loads(body)["id"] == str(i)]

    def refused(self) -> list[str]:
        """Some of the answers that were no 202."""
        return [body.decode() for _, head, body in self.answers if not _is_202(head)][:3]


def _is_202(head: bytes) -> bool:
    return head.startswith(b"HTTP/1.1 202 ")


def _request(order: dict[str, Any], intent_id: UUID) -> bytes:
    body = json.dumps({**order["intent"], "id": str(intent_id)}).encode()
    lines = (
        "POST /intents HTTP/1.1",
        f"Host: 127.0.0.1:{order['port']}",
        f"Authorization: Bearer {order['token']}",
        f"Idempotency-Key: {intent_id}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _content_length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    return next(int(value) for name, _, value in lines if name.lower() == b"content-length")


async def send(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order."""
    sender = Sender(order)
    pairs = [await asyncio.open_connection("127.0.0.1", order["port"]) for _ in range(order["connections"])]
    start = time.perf_counter()
    await asyncio.gather(*(sender.work(reader, writer) for reader, writer in pairs))
    seconds = time.perf_counter() - start
    for _, writer in pairs:
        writer.close()
    return {
        "seconds": seconds,
        "latencies_ms": sender.latencies_ms,
        "accepted": sender.accepted(),
        "refused": sender.refused(),
    }


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(asyncio.run(send(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
