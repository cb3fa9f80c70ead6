"""Reads server-sent events from a raw socket, as the standard says, and knows nothing of the code that sends them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.unit.api.house import House


@dataclass(frozen=True, slots=True)
class Said:
    """One block of a stream: its fields, and its comment."""

    id: int | None
    event: str | None
    data: Any
    comment: str | None

    @property
    def is_event(self) -> bool:
        return self.data is not None


class Ear:
    """One open stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._text = ""
        self.status = 0
        self.headers: dict[str, str] = {}

    async def head(self) -> None:
        lines = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)).decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in lines[1:] if line)}

    async def block(self) -> Said | None:
        """The next block; None at the end of the stream."""
        while "\n\n" not in self._text:
            size = int((await asyncio.wait_for(self._reader.readuntil(b"\r\n"), 10)).strip(), 16)
            chunk = await self._reader.readexactly(size + 2)
            if size == 0:
                return None
            self._text += chunk[:-2].decode()
        text, _, self._text = self._text.partition("\n\n")
        fields = {
            name: value.removeprefix(" ") for name, _, value in (line.partition(":") for line in text.split("\n"))
        }
        return Said(
            id=int(fields["id"]) if "id" in fields else None,
            event=fields.get("event"),
            data=json.loads(fields["data"]) if "data" in fields else None,
            comment=fields.get(""),
        )

    async def event(self) -> Said:
        """The next block that is an event."""
        while (said := await self.block()) is not None:
            if said.is_event:
                return said
        raise EOFError("the stream ended")

    async def events(self, count: int) -> list[Said]:
        return [await self.event() for _ in range(count)]


@asynccontextmanager
async def listening(house: House, path: str, *, token: str | None = None, **headers: str) -> AsyncIterator[Ear]:
    """A stream, open once its head and its first block have arrived."""
    lines = {"Authorization": f"Bearer {token or house.token}", **{n.replace("_", "-"): v for n, v in headers.items()}}
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    try:
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{text}\r\n".encode())
        ear = Ear(reader, writer)
        await ear.head()
        yield ear
    finally:
        writer.close()
