"""Every finding of the pre-flight, looked for at once; and the refusal to start on a wrong one."""

import asyncio
import os
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
    return [*endpoints, *feeds, *chain, *_snapshot(settings), *signer, check_disk(settings, folder)]


def _snapshot(settings: StrategySettings) -> list[Finding]:
    """Whether the file of pools can be read; what is in it the engine judges."""
    path = settings.inventory.snapshot
    if path is None:
        return []
    try:
        with path.open("rb") as file:
            file.read(1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        remedy = "Correct inventory.snapshot, or take it out and name inventory.programs."
        return [wrong("snapshot", f"{path} cannot be read: {error.strerror}", remedy)]
    return [good("snapshot", f"{path.name} has {size:,} bytes")]


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
        remedies = [finding for finding in red if finding.remedy]
        named = remedies[0].remedy if len(red) == 1 else " ".join(f"{it.name}: {it.remedy}" for it in remedies)
        raise Refused("preflight_red", f"It cannot start. {said}", remedy=named)
