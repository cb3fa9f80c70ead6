"""The signer's client against sockets that misbehave; the real signer is driven in the seam and e2e tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from tradewind.errors import Disposition, Halted, Refused, TradewindError, Unavailable
from tradewind.execution.signer_client import SignerClient

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_socket(path: Path, behaviour: Behaviour) -> AsyncIterator[SignerClient]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        await behaviour(reader, writer)
        writer.close()

    server = await asyncio.start_unix_server(serve, str(path))
    async with server:
        yield SignerClient(path, timeout_s=0.5)


def answering(line: bytes) -> Behaviour:
    async def behaviour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)
        await writer.drain()

    return behaviour


async def test_a_signer_that_is_not_there_is_named_with_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="tradewind-signer run") as caught:
        await SignerClient(tmp_path / "signer.sock").hello()
    assert caught.value.code == "signer_unreachable"


async def test_a_halted_signer_is_told_from_one_that_refuses(tmp_path: Path) -> None:
    halted = b'{"refused": {"code": "halted", "rule": "halted", "message": "The kill switch is on."}}\n'
    async with a_socket(tmp_path / "a", answering(halted)) as client:
        with pytest.raises(Halted):
            await client.next_nonce("0x00", 1)
    refused = b'{"refused": {"code": "refused", "rule": "fee_cap", "message": "Too much."}}\n'
    async with a_socket(tmp_path / "b", answering(refused)) as client:
        with pytest.raises(Refused) as caught:
            await client.next_nonce("0x00", 1)
    assert caught.value.rule == "fee_cap"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not json\n",
        b"[]\n",
        b'{"ok": {}}\n',
        b'{"ok": {"found": true, "attempts": [{"attempt": 1}]}}\n',
        b'{"ok": {"found": true, "attempts": [{"attempt": 1, "tx_hash": "0x", "nonce": 1, "raw_tx": "0xzz"}]}}\n',
        b'{"error": {"code": "internal", "field": "", "message": "disk full"}}\n',
        b"{" + b"x" * (2 << 20) + b"\n",
    ],
)
async def test_an_answer_that_proves_nothing_asks_for_another_try(tmp_path: Path, line: bytes) -> None:
    """What cannot be read says nothing about what was signed, so it must never end a step."""
    async with a_socket(tmp_path / "s", answering(line)) as client:
        with pytest.raises(TradewindError) as caught:
            await client.step(uuid4(), 0)
    assert caught.value.disposition is Disposition.RETRY


async def test_a_signer_that_stays_silent_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    released = asyncio.Event()

    async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await released.wait()

    async with a_socket(tmp_path / "s", silent) as client:
        with pytest.raises(Unavailable) as caught:
            await client.hello()
        released.set()
    assert caught.value.code == "signer_timeout"


@dataclass
class Signer:
    """Answers line after line on each connection, as the real one does. `silent` operations get no answer."""

    silent: set[str] = field(default_factory=set)
    asked: list[tuple[int, str]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.writers.append(writer)
        number = len(self.writers)
        while line := await reader.readline():
            operation = json.loads(line)["op"]
            self.asked.append((number, operation))
            if operation in self.silent:
                self.arrived.set()
                continue
            writer.write(b'{"ok": {"next_nonce": 8, "closed": true, "kill_epoch": 1}}\n')
        writer.close()

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self.writers:
            writer.close()


@asynccontextmanager
async def keeping(path: Path, signer: Signer) -> AsyncIterator[SignerClient]:
    """A client that keeps connections to it."""
    server = await asyncio.start_unix_server(signer.serve, str(path))
    client = SignerClient(path, timeout_s=0.5, kept_connections=2)
    async with server:
        yield client
        client.disconnect()
        signer.hang_up()


async def test_requests_one_after_the_other_share_a_connection(tmp_path: Path) -> None:
    signer = Signer()
    async with keeping(tmp_path / "s", signer) as client:
        for _ in range(3):
            assert await client.next_nonce("0x00", 1) == 8
    assert signer.asked == [(1, "next_nonce")] * 3


async def test_no_request_waits_behind_another_and_few_connections_are_kept(tmp_path: Path) -> None:
    signer = Signer(silent={"step"})
    async with keeping(tmp_path / "s", signer) as client:
        await client.next_nonce("0x00", 1)
        waiting = asyncio.create_task(client.step(uuid4(), 0))
        await signer.arrived.wait()
        assert await client.next_nonce("0x00", 1) == 8
        with pytest.raises(Unavailable):
            await waiting
        await asyncio.gather(*(client.next_nonce("0x00", 1) for _ in range(5)))
        before = len(signer.writers)
        await asyncio.gather(*(client.next_nonce("0x00", 1) for _ in range(2)))
        assert len(signer.writers) == before
        await asyncio.gather(*(client.next_nonce("0x00", 1) for _ in range(3)))
        assert len(signer.writers) == before + 1
    assert signer.asked[:3] == [(1, "next_nonce"), (1, "step"), (2, "next_nonce")]


async def test_a_signer_that_was_restarted_is_asked_over_a_new_connection(tmp_path: Path) -> None:
    signer = Signer()
    async with keeping(tmp_path / "s", signer) as client:
        await client.next_nonce("0x00", 1)
        signer.hang_up()
        assert await client.next_nonce("0x00", 1) == 8
    assert signer.asked == [(1, "next_nonce"), (2, "next_nonce")]


async def test_what_must_happen_once_is_sent_once_over_a_connection_that_nobody_used(tmp_path: Path) -> None:
    """Two halts would need two resumes; and a halt must not depend on how old a connection is."""
    signer = Signer()
    async with keeping(tmp_path / "s", signer) as client:
        await client.next_nonce("0x00", 1)
        assert await client.halt(reason="test", by="test") == 1
    assert signer.asked == [(1, "next_nonce"), (2, "halt")]


async def test_an_answer_that_comes_too_late_is_given_to_nobody(tmp_path: Path) -> None:
    signer = Signer(silent={"step"})
    async with keeping(tmp_path / "s", signer) as client:
        with pytest.raises(Unavailable):
            await client.step(uuid4(), 0)
        assert await client.next_nonce("0x00", 1) == 8
        async with asyncio.timeout(5):
            while not signer.writers[0].is_closing():
                await asyncio.sleep(0)
        assert not signer.writers[1].is_closing()
    assert signer.asked == [(1, "step"), (2, "next_nonce")]


@pytest.mark.parametrize("words", [b"{}\n", b'{"ok": {"next_nonce": 9}}\n'])
async def test_words_that_nobody_asked_for_end_the_connection(tmp_path: Path, words: bytes) -> None:
    signer = Signer()
    async with keeping(tmp_path / "s", signer) as client:
        await client.next_nonce("0x00", 1)
        signer.writers[0].write(words)
        await signer.writers[0].drain()
        async with asyncio.timeout(5):
            while not signer.writers[0].is_closing():
                await asyncio.sleep(0)
        assert await client.next_nonce("0x00", 1) == 8
    assert signer.asked[-1] == (2, "next_nonce")


async def test_half_an_answer_on_a_kept_connection_is_not_asked_for_again(tmp_path: Path) -> None:
    served: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            served.append(line)
            if len(served) == 1:
                writer.write(b'{"ok": {"next_nonce": 8}}\n')
            else:
                writer.write(b'{"ok": ')
                await writer.drain()
                break
        writer.close()

    server = await asyncio.start_unix_server(serve, str(tmp_path / "s"))
    async with server:
        client = SignerClient(tmp_path / "s", timeout_s=0.5, kept_connections=2)
        await client.next_nonce("0x00", 1)
        with pytest.raises(Unavailable) as caught:
            await client.next_nonce("0x00", 1)
        client.disconnect()
    assert caught.value.code == "signer_unreachable"
    assert len(served) == 2
