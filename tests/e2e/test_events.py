"""Live events of a real deployment: over kills and restarts of the service, nothing missed and nothing twice."""

import asyncio
import sqlite3

from tests.e2e.deployment import Deployment
from tests.e2e.intents import acquire
from tradewind.api.limits import DEFAULT_LIMITS
from tradewind.client import AsyncClient, Heard
from tradewind.client.patience import Patience

PATIENCE_S = 60


def token(deployment: Deployment) -> str:
    return (deployment.folder / "data" / "api.token").read_text().strip()


def journal(deployment: Deployment) -> list[tuple[int, str, str]]:
    connection = sqlite3.connect(f"file:{deployment.folder}/data/journal.db?mode=ro", uri=True)
    return list(connection.execute("SELECT seq, id, type FROM events ORDER BY seq"))


async def test_a_listener_hears_every_event_once_while_the_service_is_killed_and_started_again(
    deployment: Deployment,
) -> None:
    heard: list[Heard] = []

    # A port of its own choosing would be another one after the restart.
    await move_to_fixed_port(deployment)

    async def listen() -> None:
        nonlocal heard
        patience = Patience(tries=300, first_pause_s=0.05, longest_pause_s=0.2, waits_s=PATIENCE_S)
        async with AsyncClient(deployment.url, token(deployment), stream_patience=patience) as client:
            async for event in client.events(after=0):
                heard += [event]

    listening = asyncio.create_task(listen())
    try:
        first = await deployment.submit(acquire("0.1"))
        second = await deployment.submit(acquire("0.2"))
        await deployment.kill(deployment.service)
        await deployment.start_service()
        for intent_id in (first, second):
            await deployment.until_final(intent_id)
        last_seq = journal(deployment)[-1][0]
        async with asyncio.timeout(PATIENCE_S):
            while not heard or heard[-1].seq < last_seq:
                assert not listening.done(), listening.exception()
                await asyncio.sleep(0.02)
    finally:
        listening.cancel()
    recorded = journal(deployment)
    assert [(event.seq, str(event.envelope.id), event.envelope.type) for event in heard] == recorded[: len(heard)]
    assert len(heard) >= last_seq


async def test_a_stop_in_good_order_ends_the_streams_and_is_quick(deployment: Deployment) -> None:
    """A stream never ends by itself: the service must end it, or a stop would wait for ever."""
    async with AsyncClient(deployment.url, token(deployment), stream_patience=Patience(tries=1)) as client:
        events = client.events(after=0)
        first = await anext(events)
        assert first.envelope.type == "ServiceStarted"
        service = deployment.service
        assert service is not None
        service.terminate()
        # Later it would not be in good order.
        async with asyncio.timeout(DEFAULT_LIMITS.stop_s - 1):
            assert await service.wait() == 0
        await events.aclose()
    assert journal(deployment)[-1][2] == "ServiceStopped"


async def move_to_fixed_port(deployment: Deployment) -> None:
    """Restart the service on the port that it happens to have, for good."""
    port = deployment.url.rsplit(":", 1)[1]
    config = deployment.folder / "arbitrum.toml"
    config.write_text(config.read_text().replace("port = 0", f"port = {port}"))
    service = deployment.service
    assert service is not None
    service.terminate()
    await deployment.until_dead(service)
    await deployment.start_service()
