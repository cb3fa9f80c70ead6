"""Tokens as an operator and a trader meet them: made on the command line, used against a running service, ended."""

import asyncio
import hashlib
import json
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import STRATEGY, acquire
from tradewind.localnet.evm import EvmLocalnet

pytestmark = pytest.mark.asyncio(loop_scope="module")
WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory, signer_binary: Path) -> AsyncIterator[Deployment]:
    folder = tmp_path_factory.mktemp("tokens")
    async with EvmLocalnet() as chain, deployed(folder, chain, signer=signer_binary, strict=False) as running:
        await running.request("POST", "/halt", {"reason": "nothing is to be traded here"})
        yield running


async def tradewind(service: Deployment, *arguments: str) -> tuple[int, Any]:
    """Exit code and JSON of a command about this deployment; of a failed one, its error."""
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "tradewind.cli",
            *arguments,
            "--json",
            "--config",
            str(service.folder / "arbitrum.toml"),
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    text = said or complaint.splitlines()[-1]
    return process.returncode or 0, json.loads(text) if said else json.loads(text)["error"]


async def asked(
    service: Deployment, token: str, method: str, path: str, body: object = None, key: str = "k"
) -> tuple[int, Any]:
    """Status and JSON of a request with `token`."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, service.url + path, data=data, headers=headers) as response,
    ):
        return response.status, await response.json(content_type=None)


async def test_a_token_is_made_used_and_revoked_while_the_service_runs(service: Deployment) -> None:
    code, made = await tradewind(service, "token", "new", "desk", "--scope", "trade", "--expires", "30d")
    assert (code, made["scopes"], made["strategies"], made["state"]) == (0, ["trade"], None, "in force")
    assert (await asked(service, made["token"], "GET", "/intents"))[0] == 200
    status, receipt = await asked(service, made["token"], "POST", "/intents", acquire("0.1"), key="order-1")
    assert status == 202
    status, problem = await asked(service, made["token"], "POST", "/resume", {"kill_epoch": 1, "confirm": "resume"})
    assert (status, problem["code"]) == (403, "scope_missing")

    code, listed = await tradewind(service, "token", "list")
    assert [(token["name"], token["state"]) for token in listed["tokens"]] == [("desk", "in force")]
    assert made["token"] not in json.dumps(listed)
    code, ended = await tradewind(service, "token", "revoke", "desk")
    assert (code, ended["state"]) == (0, "revoked")
    status, problem = await asked(service, made["token"], "GET", f"/intents/{receipt['id']}")
    assert (status, problem["code"]) == (401, "token_revoked")


async def test_what_a_token_wrote_is_in_the_journal_under_its_name(service: Deployment) -> None:
    _, made = await tradewind(service, "token", "new", "auditee", "--scope", "trade")
    body = acquire("0.2")
    status, receipt = await asked(service, made["token"], "POST", "/intents", body, key="order-2")
    assert status == 202
    journal = sqlite3.connect(f"file:{service.folder}/data/journal.db?mode=ro", uri=True)
    query = "SELECT envelope FROM events WHERE type IN ('RequestAccepted', 'IntentSubmitted') ORDER BY seq DESC LIMIT 2"
    submitted, accepted = (json.loads(text)["body"] for (text,) in journal.execute(query))
    assert submitted["submitted_by"] == accepted["owner"] == "auditee"
    assert (accepted["token_id"], accepted["scope"], accepted["key"]) == (made["id"], "trade", "order-2")
    assert accepted["body_sha256"] == hashlib.sha256(json.dumps(body).encode()).hexdigest()
    assert accepted["intent_id"] == receipt["id"]


async def test_no_secret_of_a_token_is_anywhere_on_disk(service: Deployment) -> None:
    _, made = await tradewind(service, "token", "new", "canary", "--scope", "read")
    secret = made["token"].removeprefix(f"tw_{made['id']}_")
    await asked(service, made["token"], "GET", "/intents")
    await asked(service, made["token"] + "x", "GET", "/intents")
    await asked(service, made["token"], "POST", "/halt", {"reason": "may not"})
    files = [path for path in service.folder.rglob("*") if path.is_file()]
    assert service.folder / "data" / "tokens.json" in files
    for path in files:
        assert secret.encode() not in path.read_bytes(), path


async def test_a_token_can_be_written_to_a_file_that_a_command_reads(service: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "reader.token"
    code, made = await tradewind(service, "token", "new", "reader", "--scope", "read", "--out", str(file))
    assert code == 0
    assert "token" not in made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    here = ("--url", service.url, "--token-file", str(file))
    code, page = await tradewind(service, "intent", "list", *here)
    assert code == 0, page
    code, error = await tradewind(service, "token", "new", "other", "--scope", "read", "--out", str(file))
    assert (code, error["code"]) == (1, "file_exists")


async def test_a_bound_token_trades_for_its_strategy_by_name(service: Deployment) -> None:
    code, made = await tradewind(service, "token", "new", "bot", "--scope", "trade", "--strategy", "example")
    assert (code, made["strategies"]) == (0, ["example"])
    assert (await asked(service, made["token"], "POST", "/intents", acquire("0.1"), key="bot-1"))[0] == 202
    status, problem = await asked(service, made["token"], "GET", "/portfolio")
    assert (status, problem["code"]) == (403, "token_bound_to_strategies")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("new", "x", "--scope", "read", "--expires", "soon"), "expiry_malformed"),
        (("new", "x", "--scope", "read", "--expires", "0d"), "expiry_malformed"),
        (("new", "x", "--scope", "read", "--strategy", "nobody"), "strategy_unknown"),
        (("new", "owner", "--scope", "read"), "token_name_taken"),
        (("revoke", "nobody"), "token_unknown"),
    ],
)
async def test_a_mistake_on_the_command_line_is_named(
    service: Deployment, arguments: tuple[str, ...], code: str
) -> None:
    exit_code, error = await tradewind(service, "token", *arguments)
    assert (exit_code != 0, error["code"]) == (True, code)


async def test_a_halt_through_the_service_makes_one_epoch_and_not_two(service: Deployment) -> None:
    _, before = await service.request("GET", "/halt")
    code, halted = await tradewind(service, "halt", "--reason", "once", "--url", service.url)
    assert (code, halted["halted"], halted["service_told"]) == (0, True, True)
    _, after = await service.request("GET", "/halt")
    assert halted["kill_epoch"] == after["kill_epoch"] == before["kill_epoch"] + 1
    code, resumed = await tradewind(
        service, "resume", "--epoch", str(halted["kill_epoch"]), "--yes", "--url", service.url
    )
    assert (code, resumed["kill_epoch"]) == (0, halted["kill_epoch"])


async def test_something_else_on_the_services_port_cannot_pretend_to_have_halted(service: Deployment) -> None:
    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"halted": true, "kill_epoch": 999999}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    liar = await asyncio.start_server(lie, "127.0.0.1", 0)
    async with liar:
        url = f"http://127.0.0.1:{liar.sockets[0].getsockname()[1]}"
        code, halted = await tradewind(service, "halt", "--reason", "really", "--url", url)
    assert (code, halted["service_told"]) == (0, False)
    _, state = await service.request("GET", "/halt")
    assert state["kill_epoch"] == halted["kill_epoch"]


@pytest.mark.parametrize(
    ("option", "scope"),
    [
        (("--strategy", "example"), {"strategy_id": STRATEGY, "wallet": None}),
        (("--wallet", WALLET.lower()), {"strategy_id": None, "wallet": WALLET}),
    ],
)
@pytest.mark.parametrize("through_service", [True, False])
async def test_one_strategy_or_wallet_is_halted_and_resumed_by_itself(
    service: Deployment, option: tuple[str, str], scope: dict[str, str | None], through_service: bool
) -> None:
    # Port 9 is where nothing listens.
    url = service.url if through_service else "http://127.0.0.1:9"
    code, halted = await tradewind(service, "halt", *option, "--reason", "odd fills", "--url", url)
    assert (code, halted["service_told"]) == (0, through_service), halted
    assert {key: halted[key] for key in scope} == scope
    _, state = await service.request("GET", "/halt")
    [found] = [halt for halt in state["halts"] if halt["kill_epoch"] == halted["kill_epoch"]]
    assert {key: found[key] for key in scope} == scope
    several = await tradewind(service, "resume", "--url", url)
    assert (several[0], several[1]["code"]) == (2, "epoch_missing")
    code, resumed = await tradewind(service, "resume", "--epoch", str(halted["kill_epoch"]), "--yes", "--url", url)
    assert code == 0, resumed
    _, state = await service.request("GET", "/halt")
    assert halted["kill_epoch"] not in [halt["kill_epoch"] for halt in state["halts"]]
