"""A signer whose answers get lost: a proxy on a Unix socket that hangs up instead of passing one on, and keeps what was
asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any


class ForgetfulGate:
    """Hangs up on so many requests of one kind: after the signer has answered, or before it was asked at all."""

    def __init__(self, signer: Path, path: Path) -> None:
        self._signer = str(signer)
        self.path = path
        self.op = "sign_solana"
        self.answers_to_lose = 0
        self.requests_to_lose = 0
        self.lost: list[str] = []
        self.asked: list[dict[str, Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, line by line."""
        far_reader, far_writer = await asyncio.open_unix_connection(self._signer, limit=1 << 22)
        try:
            while line := await reader.readline():
                request = json.loads(line)
                self.asked.append(request)
                is_meant = request["op"] == self.op
                if is_meant and self.requests_to_lose > 0:
                    self.requests_to_lose -= 1
                    self.lost.append(request["intent_id"])
                    return
                far_writer.write(line)
                answer = await far_reader.readline()
                if is_meant and self.answers_to_lose > 0:
                    assert "ok" in json.loads(answer), answer
                    self.answers_to_lose -= 1
                    self.lost.append(request["intent_id"])
                    return
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            far_writer.close()


@asynccontextmanager
async def forgetful_gate(signer: Path, path: Path) -> AsyncIterator[ForgetfulGate]:
    """In front of this signer."""
    gate = ForgetfulGate(signer, path)
    server = await asyncio.start_unix_server(gate.serve, str(path), limit=1 << 22)
    yield gate
    server.close()
