"""`tradewind limits`: the signer's limits, seen and changed. Tighter counts at once, looser after a delay."""

from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.api.limit_dto import LimitShown, LimitsShown
from tradewind.cli.default_command import with_default
from tradewind.cli.document import document_of
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Hanging, Output
from tradewind.cli.portfolio import budget_table
from tradewind.cli.service import service_of
from tradewind.errors import InvalidInput

limits = typer.Typer(
    name="limits",
    cls=with_default("show", when_bare=True),
    help="See and change the signer's limits. A tighter one counts at once; a looser one, never above the ceiling in "
    "signer.toml, after a delay in which it can be taken back. Without a command it shows them.",
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The limit, as `tradewind limits` names it.")]


@limits.command()
def show(
    *,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Show every limit, the raises that wait, and how much of each budget is used.

    Example: `tradewind limits show`, or shorter: `tradewind limits`
    """
    with service_of(config, url=url, token_file=token_file) as service:
        found = service.limits()
    Output(as_json=as_json).emit(document_of(found), shown(found))


@limits.command("set")
def set_(
    *,
    key: Key,
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="In the unit of the limit: smallest units, wei, bps, s.")
    ],
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Set a limit. Tighter counts at once, looser after a delay; needs a token with the scope admin.

    Example: `tradewind limits set chain.42161.max_slippage_bps 50`
    """
    if not (value.isascii() and value.isdecimal() and len(value) <= 78):
        message = f"'{value}' is not a whole number of the limit's unit, such as 25000000000."
        raise InvalidInput.one("VALUE", "value_malformed", message, what="command line")
    with service_of(config, url=url, token_file=token_file) as service:
        changed = service.set_limit(key, int(value))
    when = "in force now" if changed.in_force else f"in force from {changed.effective_at}, unless it is taken back"
    Output(as_json=as_json).emit(document_of(changed), f"{changed.key}: {changed.value}, {when}")


@limits.command("cancel-raise")
def cancel_raise(
    *,
    key: Key,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Take back a raise that is not in force yet.

    Example: `tradewind limits cancel-raise chain.42161.max_slippage_bps`
    """
    with service_of(config, url=url, token_file=token_file) as service:
        service.cancel_raise(key)
    Output(as_json=as_json).emit({"key": key, "raise": None}, f"{key} stays as it is.")


def shown(found: LimitsShown) -> RenderableType:
    """Every limit, one a line, and the budgets below."""
    width = max((len(limit.key) for limit in found.limits), default=0)
    lines = [Hanging(Text(f"{limit.key:<{width}}  "), _standing(limit)) for limit in found.limits]
    return Group(*lines, Text(""), budget_table(found.budgets))


def _standing(limit: LimitShown) -> Text:
    """The value in force, and what is worth saying beside it: another ceiling, who set it, which raises wait."""
    said = Text(limit.value or "none", style="bold")
    if limit.ceiling != limit.value:
        said.append(f", ceiling {limit.ceiling or 'none'}, set by {limit.by} at {limit.since}", style="not bold")
    for late in limit.pending:
        said.append(f", {late.value or 'none'} from {late.effective_at} (by {late.by})", style="yellow not bold")
    return said
