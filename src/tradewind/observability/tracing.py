"""Where spans go: nowhere until somebody says so, then into a file, one JSON document a span."""

from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from tradewind.errors import Misconfigured


def export_spans(path: Path, *, service: str) -> TracerProvider:
    """Append every span of this process to `path`; `shutdown` the provider at the end, which writes what waits.

    Raises Misconfigured `traces_unwritable`.
    """
    try:
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            "traces_unwritable",
            f"The spans cannot be written to {path}: {error.strerror}.",
            remedy="Name another file, or leave the setting out.",
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = ConsoleSpanExporter(out=stream, formatter=lambda span: span.to_json(indent=None) + "\n")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider
