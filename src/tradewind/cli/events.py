"""`tradewind events`: what the service has recorded, and what it records next."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated
from uuid import UUID

import typer

from tradewind.cli import intent_view as view
from tradewind.cli.document import document_of
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output
from tradewind.cli.service import service_of
from tradewind.client import Client, Heard

After = Annotated[
    int | None,
    typer.Option("--after", min=0, metavar="SEQ", help="Begin behind this place; default: the first, or now with -f."),
]


def events(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones, until Ctrl-C.")] = False,
    after: After = None,
    intent: Annotated[UUID | None, typer.Option("--intent", metavar="ID", help="Only events of this intent.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="End after so many; else 100, or never.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Show recorded events, one a line; with --json as JSON lines with their place in the journal.

    With -f it goes on over restarts of the service, and leaves nothing out.

    Example: `tradewind events -f --json`
    """
    output = Output(as_json=as_json)
    with service_of(config, url=url, token_file=token_file) as service:
        if follow:
            heard = service.events(intent, after=after)
            found = heard if limit is None else islice(heard, limit)
        else:
            found = islice(_recorded(service, intent, after or 0), limit or 100)
        for one in found:
            document = {"seq": one.seq, "envelope": document_of(one.envelope)}
            output.line(document, view.event(one.envelope, one.seq))


def _recorded(service: Client, intent_id: UUID | None, after: int) -> Iterator[Heard]:
    """Every event that is there, page by page."""
    while True:
        page = service.event_page(intent_id, after=after)
        yield from (Heard(row.seq, row.envelope) for row in page.events)
        if page.next is None:
            return
        after = page.up_to_seq
