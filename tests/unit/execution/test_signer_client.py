"""The signer's client against sockets that misbehave; the real signer is driven in the seam and e2e tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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
