"""Deployments to measure: the shipped configurations, the real signer and the real service, on the disk of the build.

Kept under `build/` and not in the folder for temporary files, which may be memory: what is measured is a disk.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from benches.journals import Journals
from tests.e2e.deployment import ROOT, Deployment
from tradewind.cli.signer_binary import find_signer

START_S = 60
NO_ENDPOINT = "http://127.0.0.1:9"


class BenchDeployment(Deployment):
    """A deployment whose service keeps its journal in one of the ways that are compared."""

    journal = Journals.DURABLE

    async def start_service(self, *, kill_at: str = "") -> None:
        """Start the service; returns when it answers. Its log goes straight to a file: nobody has to read along."""
        with (self.folder / "service.log").open("ab") as log:
            self.service = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benches.service", "arbitrum.toml", self.journal.value),
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self.service.stdout is not None
        async with asyncio.timeout(START_S):
            self.url = (await self.service.stdout.readline()).decode().strip()
        if not self.url:
            raise RuntimeError(f"the service did not start:\n{self.log('service')}")


@asynccontextmanager
async def deployed(
    *, rpc_url: str = NO_ENDPOINT, journal: Journals = Journals.DURABLE, replacements: Mapping[str, str] | None = None
) -> AsyncIterator[BenchDeployment]:
    """A running deployment; its folder is removed at the end."""
    scratch = ROOT / "build"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=scratch) as folder:
        deployment = BenchDeployment(Path(folder), [rpc_url], signer=find_signer(), replacements=replacements or {})
        deployment.journal = journal
        await deployment.prepare()
        try:
            await deployment.start_signer()
            await deployment.start_service()
            yield deployment
        finally:
            await deployment.stop()
