"""`tradewind doctor`: a table of checks, each with its remedy."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import RenderableType
from rich.text import Text

from tradewind.cli.doctor.chain import check_chain
from tradewind.cli.doctor.executor import check_executor
from tradewind.cli.doctor.files import check_files
from tradewind.cli.doctor.finding import Finding, Verdict, failed, good
from tradewind.cli.doctor.machine import check_machine
from tradewind.cli.doctor.service import check_service
from tradewind.cli.doctor.signer import check_signer
from tradewind.cli.doctor.solana import check_solana
from tradewind.cli.doctor.solana_feeds import check_feeds
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, Url
from tradewind.cli.output import Output, table
from tradewind.errors import InvalidInput, TradewindError
from tradewind.settings import Settings

_MARKS = {Verdict.OK: ("✔", "green"), Verdict.WARNING: ("!", "yellow"), Verdict.WRONG: ("✘", "red")}


def doctor(config: ConfigFile = DEFAULT_CONFIG, url: Url = None, as_json: JsonFlag = False) -> None:
    """Check everything that trading needs, and say how to mend what is wrong. Changes nothing.

    Exit code 1 when something is wrong; warnings do not count.

    Example: `tradewind doctor --config arbitrum.toml`
    """
    output = Output(as_json=as_json)
    findings = asyncio.run(examine(config, url))
    healthy = all(finding.verdict is not Verdict.WRONG for finding in findings)
    output.emit({"healthy": healthy, "checks": [asdict(finding) for finding in findings]}, shown(findings))
    raise typer.Exit(ExitCode.OK if healthy else ExitCode.NOT_DONE)


async def examine(config: Path, url: str | None) -> list[Finding]:
    """Every finding; what depends on the configuration only when that is valid."""
    findings = [*check_machine(), *await check_executor(os.environ)]
    try:
        settings = Settings.load(config)
    except InvalidInput as error:
        faults = "; ".join(f"{fault.field}: {fault.message}" for fault in error.faults)
        return [*findings, Finding("configuration", Verdict.WRONG, f"{config}: {faults}", "Correct it there.")]
    except TradewindError as error:
        return [*findings, failed("configuration", error)]
    findings.append(good("configuration", f"{config}, digest {settings.digest()[:16]}…"))
    findings += check_files(settings)
    findings += await check_signer(settings)
    for chain_id in settings.chains:
        findings += [finding async for finding in check_chain(settings, chain_id)]
    if settings.solana is not None:
        findings += [finding async for finding in check_solana(settings, settings.solana)]
        findings += [finding async for finding in check_feeds(settings.solana)]
    findings.append(await check_service(settings, url))
    return findings


def shown(findings: Sequence[Finding]) -> RenderableType:
    """One line a finding, and the remedies where they are needed."""
    rows: list[tuple[Text, ...]] = []
    for finding in findings:
        mark, style = _MARKS[finding.verdict]
        seen = Text(finding.seen)
        if finding.remedy:
            seen.append(f"\n→ {finding.remedy}", style=style)
        rows.append((Text(mark, style=f"bold {style}"), Text(finding.name, style="bold"), seen))
    return table(("", "check", "seen"), rows)
