"""`tradewind cancel`: stops an intent as far as that is still possible."""

from typing import Annotated
from uuid import UUID

import typer

from tradewind.cli import intent_view as view
from tradewind.cli.document import document_of
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output
from tradewind.cli.service import service_of
from tradewind.domain.status import IntentStatus


def cancel(
    *,
    intent_id: Annotated[UUID, typer.Argument(metavar="ID", help="The intent's id, from its receipt.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Written down beside it.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Stop an intent: what is not signed yet never will be. What was sent cannot be recalled, and is named.

    Exit code 1 when it was carried out in full before anything could be stopped.

    Example: `tradewind cancel 0b54… --reason "the signal is gone"`
    """
    with service_of(config, url=url, token_file=token_file) as service:
        shown = service.cancel(intent_id, reason=reason)
    Output(as_json=as_json).emit(document_of(shown), view.cancelled(shown))
    raise typer.Exit(ExitCode.NOT_DONE if shown.status is IntentStatus.COMPLETED else ExitCode.OK)
