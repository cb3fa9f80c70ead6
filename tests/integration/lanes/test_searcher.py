"""The Jito lane over gRPC: bundles land through it, its faults have the lane's names, and its news tell what became."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fake_clock import FakeClock
from tests.integration.lanes.rig import PATIENCE_S, Rig, pool_of
from tradewind.core import BundleNews, ConfirmationWatch, CoreError, JitoLane
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.block_engine.options import BlockEngineOptions
from tradewind.localnet.solana.block_engine.rate_limit import RateLimit
from tradewind.localnet.solana.block_engine.searcher import SERVICE, SearcherService
from tradewind.localnet.solana.block_engine.server import ServedBlockEngine, serve_block_engine
from tradewind.localnet.solana.faults import FaultSettings

# Port 9 is `discard`: nobody listens.
NOBODY = "grpc://127.0.0.1:9"


def grpc_url(rig: Rig) -> str:
    return rig.chain.description.urls["jito_grpc"].replace("http", "grpc")


async def news_of(lane: JitoLane, bundle: str, last: str) -> list[BundleNews]:
    """The news of a bundle up to the last."""
    heard: list[BundleNews] = []
    async with asyncio.timeout(PATIENCE_S):
        while not heard or heard[-1].kind != last:
            heard += [news for news in await lane.bundle_news() if news.bundle_id in (None, bundle)]
    return heard


async def following(lane: JitoLane) -> None:
    """Return once the region's news begin."""
    async with asyncio.timeout(PATIENCE_S):
        assert [news.kind for news in await lane.bundle_news()] == ["following"]


async def test_a_transfer_lands_over_grpc(rig: Rig) -> None:
    lane, payment = JitoLane([grpc_url(rig)]), rig.payment()
    outcome = await lane.send(payment.wire)
    # As the block engine derives the id of a bundle of one.
    bundle = hashlib.sha256(payment.signature.encode()).hexdigest()
    assert (outcome.lane, outcome.kind, outcome.reference) == ("jito", "accepted", bundle)
    assert outcome.endpoint == grpc_url(rig)
    await rig.received(payment)
    rig.chain.node.advance(5)
    height = payment.last_valid_block_height
    told = await ConfirmationWatch(rig.pool).wait(payment.signature, last_valid_block_height=height)
    assert told.kind == "landed"


async def test_what_became_of_a_bundle_is_told(rig: Rig) -> None:
    lane = JitoLane([grpc_url(rig)])
    await following(lane)
    payments = [rig.payment(), rig.payment()]
    outcome = await lane.send_bundle([payment.wire for payment in payments])
    assert (outcome.kind, outcome.reference) == (
        "accepted",
        hashlib.sha256(",".join(payment.signature for payment in payments).encode()).hexdigest(),
    )
    for payment in payments:
        await rig.received(payment)
    rig.chain.node.advance(5)
    assert outcome.reference is not None
    heard = await news_of(lane, outcome.reference, "finalized")
    assert [news.kind for news in heard] == ["accepted", "processed", "finalized"]
    assert heard[0].region == grpc_url(rig)
    assert heard[1].slot is not None


async def test_accepted_is_not_landed_and_a_rejection_says_why(rig: Rig) -> None:
    lane = JitoLane([grpc_url(rig)])
    await following(lane)
    # More than the payer has: the leader's simulation fails.
    payment = rig.payment(lamports=rig.balance(rig.payer.pubkey()) * 2)
    outcome = await lane.send(payment.wire)
    assert outcome.kind == "accepted"
    assert outcome.reference is not None
    (rejected,) = await news_of(lane, outcome.reference, "rejected")
    assert rejected.reason == "simulation_failure"
    assert rig.balance(payment.receiver) == 0


async def test_regions_of_both_transports_are_raced_and_one_that_is_gone_stops_nobody(rig: Rig) -> None:
    payment, url = rig.payment(), rig.chain.description.urls["jito"]
    outcome = await JitoLane([NOBODY, url]).send(payment.wire)
    assert (outcome.kind, outcome.endpoint) == ("accepted", url)
    await rig.received(payment)
    payment = rig.payment()
    outcome = await JitoLane([NOBODY, "http://127.0.0.1:9", grpc_url(rig)]).send(payment.wire)
    assert (outcome.kind, outcome.endpoint) in {("accepted", grpc_url(rig)), ("rate_limited", grpc_url(rig))}


async def test_nobody_there_means_that_no_byte_left_and_the_circuit_opens(rig: Rig) -> None:
    lane = JitoLane([NOBODY], failures_to_open=2, requests_per_second=100, burst=100)
    codes = [(await lane.send(rig.payment().wire)).code for _ in range(3)]
    assert codes == ["not_connected", "not_connected", "circuit_open"]


async def test_a_region_that_is_asked_too_often_has_nothing(rig: Rig) -> None:
    faults = FaultSettings(fail_share={"jito": 1.0}, fail_as="too_many_requests", retry_after_s=1)
    rig.chain.node.faults.set(faults)
    lane = JitoLane([grpc_url(rig)], requests_per_second=100, burst=100)
    outcome = await lane.send(rig.payment().wire)
    assert (outcome.kind, outcome.retry_after_ms) == ("rate_limited", 1_000)
    # The second one was kept back here.
    assert (await lane.send(rig.payment().wire)).kind == "rate_limited"
    assert rig.chain.node.faults.struck == {"fail": 1}


async def test_unavailable_may_have_been_taken(rig: Rig) -> None:
    rig.chain.node.faults.set(FaultSettings(fail_share={"jito": 1.0}, fail_as="node_behind"))
    outcome = await JitoLane([grpc_url(rig)]).send(rig.payment().wire)
    assert (outcome.kind, outcome.code) == ("unknown", "unavailable")


async def test_the_same_bundle_again_is_known_already(rig: Rig) -> None:
    async with engine(rig) as served:
        lane, payment = lane_of(served), rig.payment()
        assert (await lane.send(payment.wire)).kind == "accepted"
        again = await lane.send(payment.wire)
        assert (again.kind, again.reference) == ("already_known", payment.signature)


async def test_a_key_that_the_region_does_not_know_is_refused(rig: Rig) -> None:
    async with engine(rig, uuids=frozenset({"known"})) as served:
        refused = await lane_of(served, uuid="stranger").send(rig.payment().wire)
        assert (refused.kind, refused.code) == ("refused", "unauthenticated")
        assert "stranger" not in refused.detail
        assert (await lane_of(served, uuid="known").send(rig.payment().wire)).kind == "accepted"


async def test_a_silent_region_is_given_up_in_time_and_may_have_taken_it(rig: Rig) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        lane = JitoLane([f"grpc://127.0.0.1:{port}"], request_timeout_ms=500)
        outcome = await lane.send(rig.payment().wire)
    assert (outcome.kind, outcome.code) == ("unknown", "timed_out")


async def test_the_tip_accounts_are_read_over_grpc_and_statuses_are_not_there(rig: Rig) -> None:
    lane = JitoLane([grpc_url(rig)])
    assert await lane.tip_accounts() == list(rig.chain.description.tip_accounts)
    with pytest.raises(CoreError) as refused:
        await lane.inflight_statuses(["ab" * 32])
    assert refused.value.code == "no_endpoint_answered"
    assert "gRPC" in str(refused.value)
    with pytest.raises(CoreError) as no_news:
        await JitoLane([rig.chain.description.urls["jito"]]).bundle_news()
    assert no_news.value.code == "no_news_endpoint"


async def test_news_begin_again_when_the_region_comes_back() -> None:
    async with SolanaLocalnet(clock=FakeClock(), automatic=False, servers=()) as chain:
        rig = Rig(chain, pool_of(chain))
        async with engine(rig) as served:
            lane, port = lane_of(served), int(served.grpc_url.rpartition(":")[2])
            await following(lane)
        heard: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while "interrupted" not in heard:
                heard += [news.kind for news in await lane.bundle_news()]
            async with engine(rig, grpc_ports=(port,)):
                while heard[-1] != "following":
                    heard += [news.kind for news in await lane.bundle_news()]
        rig.pool.close()


async def test_an_address_with_a_path_is_refused() -> None:
    with pytest.raises(CoreError) as refused:
        JitoLane(["grpcs://host.example/api"])
    assert refused.value.code == "endpoint_malformed"


def engine(rig: Rig, **options: object) -> "Engine":
    return Engine(rig, options)


class Engine:
    """A block engine of the test's own, without a rate limit."""

    def __init__(self, rig: Rig, options: dict[str, object]) -> None:
        self._rig, self._options = rig, options

    async def __aenter__(self) -> ServedBlockEngine:
        options = BlockEngineOptions(requests_per_second=None, auction_every_ms=None, **self._options)  # type: ignore[arg-type]
        self._served = await serve_block_engine(self._rig.chain.node, options)
        return self._served

    async def __aexit__(self, *_: object) -> None:
        await self._served.close()


def lane_of(served: ServedBlockEngine, *, uuid: str | None = None) -> JitoLane:
    return JitoLane([f"grpc://{served.grpc_url}"], uuid=uuid, requests_per_second=100, burst=100)


async def test_over_tls_the_region_must_show_a_certificate_that_the_system_trusts(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = certified("localhost")
    async with engine(rig) as served:
        methods = SearcherService(served.engine, "local", RateLimit(None, FakeClock(), max_known=1)).methods()
        server = grpc.aio.server()
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, methods)])
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
        await server.start()
        try:
            trusted = tmp_path / "roots.pem"
            trusted.write_bytes(certified("other")[1])
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
            payment = rig.payment()
            stranger = await JitoLane([f"grpcs://localhost:{port}"]).send(payment.wire)
            assert (stranger.kind, stranger.code) == ("unreachable", "not_connected")
            trusted.write_bytes(certificate)
            outcome = await JitoLane([f"grpcs://localhost:{port}"]).send(payment.wire)
            assert (outcome.kind, outcome.endpoint) == ("accepted", f"grpcs://localhost:{port}")
        finally:
            await server.stop(0)


def certified(name: str) -> tuple[bytes, bytes]:
    """A key and its own certificate, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem)
