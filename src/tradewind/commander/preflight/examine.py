"""Every finding of the pre-flight, looked for at once; and the refusal to start on a wrong one."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from tradewind.commander.finding import Finding, Verdict, good, wrong
from tradewind.commander.preflight.chain import check_chain
from tradewind.commander.preflight.endpoints import check_endpoints
from tradewind.commander.preflight.feed import check_feeds
from tradewind.commander.preflight.signer import check_signer
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.errors import Refused
from tradewind.observability.clock import Clock


async def examine(settings: StrategySettings, folder: Path, clock: Clock) -> list[Finding]:
    """In the order of the table. An engine that replays a recording needs the disk alone."""
    if settings.mode == "replay":
        return [check_disk(settings, folder)]
    (endpoints, answering), feeds, signer = await asyncio.gather(
        check_endpoints(settings), check_feeds(settings), check_signer(settings)
    )
    chain = await check_chain(settings, answering, clock) if answering else []
    return [*endpoints, *feeds, *chain, *signer, check_disk(settings, folder)]


def check_disk(settings: StrategySettings, folder: Path) -> Finding:
    """The room that is left where the instance writes."""
    least = settings.commander.preflight.least_free_bytes
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / (1 << 30):,.1f} GiB free"
    if free < least:
        return wrong("disk", said, f"Make room, or allow less than {least / (1 << 30):,.1f} GiB.")
    return good("disk", said)


def refuse_wrong(findings: Sequence[Finding]) -> None:
    """Raises Refused `preflight_red`, which names every wrong one with its remedy."""
    red = [finding for finding in findings if finding.verdict is Verdict.WRONG]
    if red:
        said = " ".join(f"{finding.name}: {finding.seen.rstrip('.')}." for finding in red)
        remedies = " ".join(finding.remedy for finding in red if finding.remedy)
        raise Refused("preflight_red", f"It cannot start. {said}", remedy=remedies)
