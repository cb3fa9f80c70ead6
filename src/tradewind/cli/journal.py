"""`tradewind journal`: reads the journal's file itself, whether or not a service runs."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.text import Text

from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag
from tradewind.cli.output import Output
from tradewind.domain.events import EVENT_TYPES, Envelope
from tradewind.errors import InvalidInput, NotFound
from tradewind.observability.clock import NS_PER_S
from tradewind.settings import Settings
from tradewind.streaming.journal_file import check_version, connect_reader
from tradewind.streaming.recorded import Recorded
from tradewind.streaming.verification import verify_file

journal = typer.Typer(
    name="journal", no_args_is_help=True, help="Verify and read the journal: the durable log of every event."
)

File = Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The journal, when not where --config says.")]


@journal.command()
def verify(config: ConfigFile = DEFAULT_CONFIG, file: File = None, as_json: JsonFlag = False) -> None:
    """Check every row against the hash chain. Exit code 1 when it does not hold.

    Example: `tradewind journal verify --config arbitrum.toml`
    """
    output = Output(as_json=as_json)
    path = _path(config, file)
    found = verify_file(path)
    document = {
        "file": str(path),
        "ok": found.ok,
        "rows": found.rows,
        "head": found.head,
        "first_bad_seq": found.first_bad_seq,
        "fault": found.fault,
    }
    if found.ok:
        output.emit(document, Text(f"{found.rows} events verify; the chain ends in {found.head}", style="green"))
        return
    said = f"Damaged at row {found.first_bad_seq}: {found.fault}. The {found.rows} rows before it verify."
    output.emit(document, Text(said, style="red"))
    raise typer.Exit(ExitCode.NOT_DONE)


@journal.command()
def show(
    *,
    intent: Annotated[UUID | None, typer.Option("--intent", metavar="ID", help="Only events of this intent.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only events of this type.")] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Only events after this sequence number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 1000,
    config: ConfigFile = DEFAULT_CONFIG,
    file: File = None,
    as_json: JsonFlag = False,
) -> None:
    """Show events in order; with --json one line each, whole.

    Example: `tradewind journal show --type ExecutionCompleted --json`
    """
    output = Output(as_json=as_json)
    if event_type is not None and event_type not in EVENT_TYPES:
        known = ", ".join(EVENT_TYPES)
        raise InvalidInput.one("--type", "event_type_unknown", f"'{event_type}' is none of: {known}.")
    for recorded in _read(_path(config, file), intent=intent, event_type=event_type, after=after, limit=limit):
        output.line(_document(recorded), _line(recorded))


def _path(config: Path, file: Path | None) -> Path:
    return file or Settings.load(config).journal_file


def _read(path: Path, *, intent: UUID | None, event_type: str | None, after: int, limit: int) -> Iterator[Recorded]:
    if not path.exists():
        raise NotFound("journal_missing", f"There is no journal at {path}.", remedy="Start the service once.")
    query = (
        "SELECT seq, envelope, hash FROM events WHERE seq > ?1 AND (?2 IS NULL OR correlation_id = ?2) "
        "AND (?3 IS NULL OR type = ?3) ORDER BY seq LIMIT ?4"
    )
    with contextlib.closing(connect_reader(path)) as connection:
        try:
            check_version(connection, path)
            for seq, text, row_hash in connection.execute(query, (after, intent and str(intent), event_type, limit)):
                yield Recorded(seq, Envelope.from_json(text), row_hash)
        except sqlite3.DatabaseError as error:
            message = f"{path} cannot be read: {error}. Run: tradewind journal verify"
            raise InvalidInput.one("--file", "journal_unreadable", message) from None


def _document(recorded: Recorded) -> dict[str, Any]:
    envelope = recorded.envelope.model_dump(mode="json")
    return {"seq": recorded.seq, "hash": recorded.hash, "envelope": envelope}


def _line(recorded: Recorded) -> Text:
    envelope = recorded.envelope
    at = datetime.fromtimestamp(envelope.occurred_at // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")
    milliseconds = envelope.occurred_at // 10**6 % 1000
    return Text.assemble(
        (f"{recorded.seq:>6}  ", "dim"),
        (f"{at}.{milliseconds:03d}  ", "dim"),
        (f"{envelope.type:<24}", "bold"),
        f"{envelope.correlation_id}",
    )
