"""The bus over TLS and with NKEYs on a real nats-server: who is let in, who is refused, and what is said about it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nkeys
import pytest

from tests import builders
from tests.integration.streaming.certificates import Authority
from tests.integration.streaming.nats_server import NatsServer
from tradewind.errors import Misconfigured
from tradewind.streaming.nats import NatsBus
from tradewind.streaming.nats_connection import NatsConnection
from tradewind.streaming.nats_settings import NatsSettings

# A refusal is told when the wait for another server ends.
REFUSED_WITHIN_MS = 3_000


@asynccontextmanager
async def running(folder: Path, configured: str) -> AsyncIterator[NatsServer]:
    server = NatsServer(folder, configured=configured)
    await server.start()
    try:
        yield server
    finally:
        server.kill()


def over_tls(authority: Authority, *, asks_clients: bool = False) -> str:
    certificate, key = authority.give("server")
    asked = f'ca_file: "{authority.file}", verify: true' if asks_clients else ""
    return f'tls {{ cert_file: "{certificate}", key_file: "{key}", {asked} }}'


def a_user(folder: Path, name: str) -> tuple[str, Path]:
    """A public NKEY, and the file of its seed."""
    seed = bytes(nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER))
    file = folder / f"{name}.nk"
    file.write_bytes(seed)
    return nkeys.from_seed(bytearray(seed)).public_key.decode(), file


async def round_trip(settings: NatsSettings) -> None:
    """An event goes through the bus and is there."""
    bus = await NatsBus.open(settings, name="test")
    try:
        await bus.publish(builders.plan_envelope(builders.execution_plan()))
        assert (await bus.connection.jetstream.stream_info("PLANNED")).state.messages == 1
    finally:
        await bus.close()


async def refusal(settings: NatsSettings) -> Misconfigured:
    with pytest.raises(Misconfigured) as refused:
        await NatsConnection.open(settings, name="test", within_ms=REFUSED_WITHIN_MS)
    return refused.value


async def test_an_event_goes_over_tls_that_a_private_authority_vouches_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(tmp_path / "nats", over_tls(authority)) as server:
        await round_trip(server.settings(tls_ca_file=authority.file))


async def test_a_server_whose_authority_is_not_ours_is_refused_and_not_called_absent(tmp_path: Path) -> None:
    async with running(tmp_path / "nats", over_tls(Authority(tmp_path))) as server:
        stranger = Authority(tmp_path, "stranger")
        refused = await refusal(server.settings(tls_ca_file=stranger.file))
    assert refused.code == "nats_refused"
    assert "certificate" in refused.message


async def test_a_server_that_asks_for_certificates_takes_ours_and_nobody_without(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.give("client")
    async with running(tmp_path / "nats", over_tls(authority, asks_clients=True)) as server:
        settings = server.settings(tls_ca_file=authority.file)
        await round_trip(settings.model_copy(update={"tls_certificate_file": certificate, "tls_key_file": key}))
        assert (await refusal(settings)).code == "nats_refused"


async def test_an_nkey_is_let_in_and_another_is_refused(tmp_path: Path) -> None:
    public, seed_file = a_user(tmp_path, "ours")
    _, strangers = a_user(tmp_path, "stranger")
    async with running(tmp_path / "nats", f"authorization {{ users: [ {{ nkey: {public} }} ] }}") as server:
        await round_trip(server.settings(nkey_seed_file=seed_file))
        for wrong in (server.settings(nkey_seed_file=strangers), server.settings()):
            assert (await refusal(wrong)).code == "nats_refused"


@pytest.mark.parametrize("content", [None, b"", b"no seed at all", b"SUAM"], ids=["missing", "empty", "words", "short"])
async def test_a_seed_that_cannot_be_read_is_named_with_its_file(tmp_path: Path, content: bytes | None) -> None:
    public, _ = a_user(tmp_path, "ours")
    seed_file = tmp_path / "bad.nk"
    if content is not None:
        seed_file.write_bytes(content)
    async with running(tmp_path / "nats", f"authorization {{ users: [ {{ nkey: {public} }} ] }}") as server:
        refused = await refusal(server.settings(nkey_seed_file=seed_file))
    assert refused.code == "nats_files_unreadable"
    assert str(seed_file) in refused.message


@pytest.mark.parametrize("seed_line", [b"", b"not a seed"], ids=["no seed", "words"])
async def test_credentials_without_a_token_or_a_seed_are_refused_before_the_client_reads_them(
    server: NatsServer, tmp_path: Path, seed_line: bytes
) -> None:
    token = b"-----BEGIN NATS USER JWT-----\neyJ0eXAi\n------END NATS USER JWT------\n" if seed_line else b""
    file = tmp_path / "user.creds"
    file.write_bytes(token + b"-----BEGIN USER NKEY SEED-----\n" + seed_line + b"\n------END USER NKEY SEED------\n")
    refused = await refusal(server.settings(credentials_file=file))
    assert refused.code == "nats_files_unreadable"
    assert str(file) in refused.message


async def test_files_that_are_no_certificates_are_named(server: NatsServer, tmp_path: Path) -> None:
    words = tmp_path / "ca.pem"
    words.write_bytes(b"no certificate")
    for wrong in (words, tmp_path / "missing.pem"):
        refused = await refusal(server.settings(tls_ca_file=wrong))
        assert refused.code == "nats_files_unreadable"
        assert str(wrong) in refused.message
