"""`tradewind settings`: every setting of every file, with its unit, its range, its default and what it is for."""

from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, table
from tradewind.cli.setting import Setting, settings_of
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.execution.executor_settings import ExecutorSettings
from tradewind.settings import Settings


class File(StrEnum):
    """Whose settings."""

    SERVICE = "service"
    STRATEGY = "strategy"
    EXECUTOR = "executor"


_TITLES = {
    File.SERVICE: "The service: tradewind up --config FILE",
    File.STRATEGY: "A strategy: tradewind run --config FILE",
    File.EXECUTOR: "An executor: tradewind executor [--config FILE]; variables win",
}


def settings(
    *,
    file: Annotated[File | None, typer.Argument(help="Whose; all of them when left out.", show_default=False)] = None,
    find: Annotated[str, typer.Option("--find", metavar="WORD", help="Only those that have it somewhere.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="As the page in the documentation.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show every setting: its key, what may stand there, its unit and default, and what it is for.

    The signer's are in the file that `tradewind init` writes, each with its comment.

    Example: `tradewind settings service --find quorum`
    """
    output = Output(as_json=as_json)
    found = {one: [s for s in every(one) if find in f"{s.key} {s.meaning}"] for one in ([file] if file else File)}
    document = {one.value: [asdict(setting) for setting in several] for one, several in found.items()}
    if markdown and not as_json:
        output.console.file.write(page(found))
        return
    output.emit(document, *(_shown(one, several) for one, several in found.items() if several))


def every(file: File) -> list[Setting]:
    """The settings of one file, in the order of the code."""
    match file:
        case File.SERVICE:
            # The header of a strategy's table is its name.
            return [setting for setting in settings_of(Settings) if setting.key != "strategies.<name>.name"]
        case File.STRATEGY:
            return list(settings_of(StrategySettings))
        case File.EXECUTOR:
            return list(settings_of(ExecutorSettings, variables=True))


def page(found: dict[File, list[Setting]]) -> str:
    """The page in the documentation."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[File, list[Setting]]) -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "Made from the code by `tradewind settings --markdown`. `<name>` is a name of yours (of a chain, its id);"
    yield "`[]` is each entry of a list. Needed means: where its table is there. The signer's settings are in"
    yield "the file that `tradewind init` writes, each with its comment."
    for file, several in found.items():
        yield from ("", f"## {_TITLES[file]}", "")
        variable = any(setting.variable for setting in several)
        yield f"| key |{' variable |' if variable else ''} what | unit | default | for |"
        yield f"|---|{'---|' if variable else ''}---|---|---|---|"
        yield from (_row(one, variable=variable) for one in several)


def _row(one: Setting, *, variable: bool) -> str:
    default = f"`{one.default}`" if one.default else _absent(one)
    cells = [f"`{one.key}`", *([f"`{one.variable}`"] if variable else [])]
    return f"| {' | '.join([*cells, _cell(one.kind), one.unit, default, _cell(one.meaning)])} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _absent(setting: Setting) -> str:
    return "needed" if setting.needed else "none"


def _shown(file: File, several: list[Setting]) -> RenderableType:
    columns = ("key", "what", "unit", "default", "for")
    rows = [(s.key, s.kind, s.unit, s.default or Text(_absent(s), style="dim"), s.meaning) for s in several]
    return Group(Text(_TITLES[file], style="bold"), table(columns, rows), Text(""))
