"""Makes the streams of the bus where they are missing, and names what is wrong with those that exist."""

from collections.abc import Iterator, Sequence

import nats.errors
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from tradewind.errors import Misconfigured, Unavailable
from tradewind.streaming.nats_connection import NatsConnection
from tradewind.streaming.nats_settings import NatsSettings
from tradewind.streaming.topology import STREAMS, StreamSpec


async def ensure_streams(connection: NatsConnection, specs: Sequence[StreamSpec] = STREAMS) -> None:
    """Raises Misconfigured `stream_mismatch`, which names the stream and the setting, or Unavailable `nats_silent`."""
    for spec in specs:
        try:
            await _ensure(connection, spec)
        except APIError as error:
            raise Misconfigured(
                "stream_refused",
                f"NATS does not give the stream {connection.settings.stream_name(spec.name)}: {error.description}.",
                remedy="Start the server with JetStream (-js), and give it room.",
            ) from None
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(
                "nats_silent", f"NATS does not answer about its streams ({type(error).__name__})."
            ) from None


async def _ensure(connection: NatsConnection, spec: StreamSpec) -> None:
    settings, jetstream = connection.settings, connection.jetstream
    wanted = _config(settings, spec)
    try:
        found = (await jetstream.stream_info(str(wanted.name))).config
    except NotFoundError:
        await jetstream.add_stream(wanted)
        return
    if faults := list(_differences(wanted, found)):
        raise Misconfigured(
            "stream_mismatch",
            f"The stream {wanted.name} exists with other settings: {'; '.join(faults)}.",
            remedy=f"Change it (nats stream edit {wanted.name}), or give ours another name in the settings.",
        )


def _config(settings: NatsSettings, spec: StreamSpec) -> StreamConfig:
    return StreamConfig(
        name=settings.stream_name(spec.name),
        subjects=list(spec.subjects),
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        num_replicas=settings.replicas,
        max_age=settings.max_age_s,
        max_msg_size=settings.max_message_bytes,
        duplicate_window=settings.duplicate_window_s,
    )


def _differences(wanted: StreamConfig, found: StreamConfig) -> Iterator[str]:
    """What would lose events or hide them; ages and sizes are the operator's to choose."""
    if missing := set(wanted.subjects or ()) - set(found.subjects or ()):
        yield f"subjects lack {', '.join(sorted(missing))}"
    for name, why in (("retention", "others read it, too"), ("storage", "a restart must not lose it")):
        ours, theirs = getattr(wanted, name), getattr(found, name)
        if ours != theirs:
            yield f"{name} is {theirs}, not {ours}: {why}"
    if (found.num_replicas or 1) < (wanted.num_replicas or 1):
        yield f"replicas are {found.num_replicas}, not {wanted.num_replicas}"
    if found.no_ack:
        yield "no_ack is set: nobody would know that an event arrived"
