"""The whole document against the whole service: schemathesis asks everything that it allows, and much that it forbids.

Nothing may be answered with a server error, be answered in another shape than the document says, or be done for a
token that may not. Signing is halted, so that nothing is traded. The seed is fixed: a failure can be repeated.
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tradewind.localnet.evm import EvmLocalnet

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Streams do not end, so that no answer of theirs can be judged as a whole; tests/unit/api asks them.
CONFIGURATION = """
[checks]
# What the document cannot say makes good data bad: tokens are listed, strategies configured, ids known.
positive_data_acceptance.enabled = false

[[operations]]
include-path-regex = "stream$"
enabled = false

# Says 503 in its documented shape when something is missing, such as signing while it is halted.
[[operations]]
include-path = "/readyz"
checks.not_a_server_error.enabled = false
"""
# A method that is not there is forbidden before it is missing, to a token that may only read.
FORBIDDEN_FIRST = """
[checks]
unsupported_method.enabled = false
"""
SEED = 20_261_121
TIMEOUT_S = 240


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain() -> AsyncIterator[EvmLocalnet]:
    async with EvmLocalnet() as localnet:
        yield localnet


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(
    chain: EvmLocalnet, tmp_path_factory: pytest.TempPathFactory, signer_binary: Path
) -> AsyncIterator[Deployment]:
    folder = tmp_path_factory.mktemp("fuzz")
    async with deployed(folder, chain, signer=signer_binary, strict=False) as running:
        # The opening balances are recorded in a moment of their own.
        async with asyncio.timeout(30):
            while "BalancesObserved" not in journaled(running):
                await asyncio.sleep(0.05)
        # A resume that is guessed ends one of them at most.
        for _ in range(3):
            status, _ = await running.request("POST", "/halt", {"reason": "the API is being tried"})
            assert status == 200
        yield running


async def tried(
    service: Deployment, folder: Path, token: str, *, examples: int, configuration: str = CONFIGURATION
) -> dict[str, Any]:
    """The report of a run with `token`."""
    folder.mkdir()
    (folder / "schemathesis.toml").write_text(configuration)
    options = {
        "--header": f"Authorization: Bearer {token}",
        "--phases": "examples,coverage,fuzzing,stateful",
        "--mode": "all",
        "--max-examples": str(examples),
        "--seed": str(SEED),
        "--request-timeout": "20",
        "--suppress-health-check": "all",
        "--report": "json",
        "--report-json-path": "report.json",
    }
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml"),
        *("run", f"{service.url}/openapi.json", "--continue-on-failure", "--no-color"),
        *(word for option in options.items() for word in option),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(TIMEOUT_S):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-20_000:]
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report


def journaled(service: Deployment, since_seq: int = 0) -> list[str]:
    """The types of the events in the journal."""
    journal = sqlite3.connect(f"file:{service.folder}/data/journal.db?mode=ro", uri=True)
    return [kind for (kind,) in journal.execute("SELECT type FROM events WHERE seq > ? ORDER BY seq", (since_seq,))]


async def token(service: Deployment, name: str, scope: str) -> str:
    """A new token, as an operator makes it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "token", "new", name, "--scope", scope, "--json"),
        *("--config", str(service.folder / "arbitrum.toml")),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return str(json.loads(said)["token"])


async def test_a_token_that_may_only_read_changes_nothing_whatever_it_sends(
    service: Deployment, tmp_path: Path
) -> None:
    before, limits = len(journaled(service)), await service.request("GET", "/limits")
    halts = await service.request("GET", "/halt")
    configuration = CONFIGURATION.replace("[checks]\n", FORBIDDEN_FIRST.lstrip())
    reader = await token(service, "reader", "read")
    report = await tried(service, tmp_path / "read", reader, examples=15, configuration=configuration)
    assert report["complete"]
    assert report["test_cases"]["generated"] > 800
    assert journaled(service, since_seq=before) == []
    assert await service.request("GET", "/halt") == halts
    assert await service.request("GET", "/limits") == limits
    assert (await service.request("GET", "/intents"))[1]["intents"] == []


async def test_nothing_that_the_document_allows_or_forbids_breaks_the_service_or_its_word(
    service: Deployment, chain: EvmLocalnet, tmp_path: Path
) -> None:
    owner = (service.folder / "data" / "api.token").read_text().strip()
    report = await tried(service, tmp_path / "owner", owner, examples=30)
    assert report["complete"]
    assert report["failures"] == []
    assert report["operations"]["tested"] == report["operations"]["selected"] >= 16
    assert report["test_cases"]["generated"] > 1_000
    assert "request_failed" not in service.log("service")
    # It did get through to where things happen: intents were accepted, halts made, and nothing was signed.
    assert {"IntentSubmitted", "KillSwitchEngaged"} <= set(journaled(service))
    assert (await service.request("GET", "/halt"))[1]["halted"] is True
    assert truth.nonce(chain.rpc_url) == 0
