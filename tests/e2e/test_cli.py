"""The command line against a whole deployment: real chain, signer and service, and commands as processes."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e import chain_truth as truth
from tradewind.cli.child import Child
from tradewind.cli.demo.scene import Scene, scene, start_signer
from tradewind.localnet import addresses

TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def error(self) -> Any:
        assert self.stdout == ""
        return json.loads(self.stderr.splitlines()[-1])["error"]


async def tradewind(*arguments: object, stdin: bytes = b"") -> Said:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(TIMEOUT_S):
        stdout, stderr = await process.communicate(stdin)
    assert b"Traceback" not in stderr
    return Said(process.returncode or 0, stdout.decode(), stderr.decode())


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, lambda _: None) as running:
        yield running


def here(desk: Scene) -> tuple[object, ...]:
    """Where the service of this desk is; its configuration asks for any free port."""
    return ("--config", desk.config, "--url", desk.url)


async def test_acquire_and_watch_follow_an_intent_to_a_fill_that_the_chain_bears_out(desk: Scene) -> None:
    url = desk.chain.rpc_url
    before = truth.balance(url, truth.WETH)
    said = await tradewind("intent", "acquire", "1.5", "WETH", "--with", "USDC", "--watch", "--json", *here(desk))
    assert said.exit_code == 0, said.stderr
    receipt, *events = said.lines
    assert truth.balance(url, truth.WETH) - before == 1_500_000_000_000_000_000
    assert [event["type"] for event in events][-1] == "ExecutionCompleted"

    shown = await tradewind("intent", "show", receipt["id"], "--json", *here(desk))
    assert shown.document["status"] == "COMPLETED"
    for_people = await tradewind("intent", "show", receipt["id"], *here(desk))
    assert "got 1.5 WETH" in for_people.stdout
    again = await tradewind("intent", "watch", receipt["id"], *here(desk))
    assert again.exit_code == 0
    listed = await tradewind("intent", "list", "--status", "COMPLETED", "--json", *here(desk))
    assert [item["id"] for item in listed.document["intents"]] == [receipt["id"]]


async def test_dispose_of_a_percentage_sells_that_part_of_the_holding(desk: Scene) -> None:
    url = desk.chain.rpc_url
    before = truth.balance(url, truth.ARB)
    said = await tradewind("intent", "dispose", "25%", "ARB", "--for", "USDC", "--watch", *here(desk))
    assert said.exit_code == 0, said.stdout + said.stderr
    assert truth.balance(url, truth.ARB) == before - before // 4


async def test_an_intent_that_cannot_be_carried_out_ends_with_exit_code_1_and_its_reason(desk: Scene) -> None:
    said = await tradewind("intent", "acquire", "19", "WETH", "--with", "USDC", "--watch", *here(desk))
    assert said.exit_code == 1
    assert "REJECTED" in said.stdout
    assert truth.nonce(desk.chain.rpc_url) == 0


async def test_an_intent_is_sent_from_stdin_exactly_as_it_is(desk: Scene) -> None:
    body = (Path(__file__).resolve().parents[2] / "src/tradewind/configs/intent.json").read_bytes()
    accepted = await tradewind("intent", "submit", "-", "--json", *here(desk), stdin=body)
    assert accepted.exit_code == 0
    assert accepted.document["status"] == "PENDING"
    broken = await tradewind("intent", "submit", "-", "--json", *here(desk), stdin=body.replace(b'"1.5"', b"1.5"))
    assert (broken.exit_code, broken.error["code"]) == (2, "amount_not_a_string")
    assert broken.error["faults"][0]["field"].startswith("assets.0.amount")


async def test_a_wrong_token_and_an_unknown_intent_are_told_apart_from_silence(desk: Scene, tmp_path: Path) -> None:
    token = tmp_path / "other.token"
    token.write_text("A" * 43)
    token.chmod(0o600)
    refused = await tradewind("intent", "list", "--json", *here(desk), "--token-file", token)
    assert (refused.exit_code, refused.error["code"]) == (2, "token_wrong")
    unknown = await tradewind("intent", "show", "00000000-0000-4000-8000-000000000000", "--json", *here(desk))
    assert (unknown.exit_code, unknown.error["code"]) == (1, "intent_not_found")
    await desk.service.stop()
    silent = await tradewind("intent", "list", "--json", *here(desk))
    assert (silent.exit_code, silent.error["code"]) == (3, "service_unreachable")


async def test_halt_works_without_the_service_and_resume_needs_the_epoch_in_force(desk: Scene) -> None:
    await desk.service.stop()
    halted = await tradewind("halt", "--reason", "looks wrong", "--json", "--config", desk.config)
    assert halted.exit_code == 0
    assert halted.document["halted"] is True
    epoch = halted.document["kill_epoch"]
    shown = await tradewind("halt", "--show", "--json", "--config", desk.config)
    assert (shown.document["halted"], shown.document["halt_reason"]) == (True, "looks wrong")
    stale = await tradewind("resume", "--epoch", epoch + 1, "--yes", "--json", "--config", desk.config)
    assert (stale.exit_code, stale.error["code"]) == (1, "kill_epoch_stale")
    unsure = await tradewind("resume", "--config", desk.config, stdin=b"yes\n")
    assert unsure.exit_code == 1
    assert (await tradewind("halt", "--show", "--json", "--config", desk.config)).document["halted"] is True
    released = await tradewind("resume", "--config", desk.config, stdin=b"resume\n")
    assert released.exit_code == 0
    assert (await tradewind("halt", "--show", "--json", "--config", desk.config)).document["halted"] is False


async def test_a_halt_of_a_dead_signer_is_in_force_when_it_starts_again(desk: Scene) -> None:
    await desk.signer.stop()
    halted = await tradewind("halt", "--reason", "at night", "--json", "--config", desk.config)
    assert (halted.exit_code, halted.document["halted"]) == (0, True)
    signer: Child[bool] = await start_signer(desk.folder)
    try:
        shown = await tradewind("halt", "--show", "--json", "--config", desk.config)
        assert (shown.document["halted"], shown.document["halt_reason"]) == (True, "at night")
    finally:
        await signer.stop()


async def test_an_intent_waits_while_halted_and_is_carried_out_after_the_resume(desk: Scene) -> None:
    halted = await tradewind("halt", "--json", *here(desk))
    assert halted.document["service_told"] is True
    sent = await tradewind("intent", "acquire", "0.1", "WETH", "--with", "USDC", "--json", *here(desk))
    async with asyncio.timeout(TIMEOUT_S):
        while '"code": "halted"' not in (desk.folder / "service.log").read_text():
            await asyncio.sleep(0.02)
    assert truth.nonce(desk.chain.rpc_url) == 0
    epoch = halted.document["kill_epoch"]
    released = await tradewind("resume", "--epoch", epoch, "--yes", "--json", *here(desk))
    assert (released.exit_code, released.document["service_told"]) == (0, True)
    watched = await tradewind("intent", "watch", sent.document["id"], "--json", *here(desk))
    assert watched.exit_code == 0
    assert truth.nonce(desk.chain.rpc_url) == 1


async def test_the_doctor_is_content_with_a_whole_deployment_and_names_what_is_missing(desk: Scene) -> None:
    healthy = await tradewind("doctor", "--json", *here(desk))
    verdicts = {check["name"]: (check["verdict"], check["seen"]) for check in healthy.document["checks"]}
    assert healthy.exit_code == 0, verdicts
    assert verdicts["contracts"][0] == verdicts["token list"][0] == verdicts["money of example"][0] == "ok"
    assert verdicts["journal"][0] == verdicts["kill switch"][0] == verdicts["service"][0] == "ok"
    halted = await tradewind("halt", "--wallet", addresses.TRADER, "--reason", "moving", "--json", *here(desk))
    waits = await tradewind("doctor", "--config", desk.config)
    assert waits.exit_code == 1
    assert f"wallet {addresses.TRADER} halted (epoch {halted.document['kill_epoch']}): moving" in waits.stdout
    await desk.signer.stop()
    sick = await tradewind("doctor", "--config", desk.config)
    assert sick.exit_code == 1
    assert "tradewind-signer run" in sick.stdout


async def test_the_doctor_notices_wrong_decimals_wrong_contracts_and_a_wrong_chain(desk: Scene) -> None:
    text = desk.config.read_text()
    for changed, name in (
        (text.replace("decimals = 6", "decimals = 8"), "token list"),
        (
            text.replace('quoter = "0x61fFE014bA17989E743c5F6cB21bF9697530B21e"', f'quoter = "0x{"11" * 20}"'),
            "contracts",
        ),
        (text.replace("42161", "42170"), f"rpc {desk.strict.url}"),
    ):
        other = desk.folder / "other.toml"
        other.write_text(changed)
        said = await tradewind("doctor", "--json", "--config", other)
        wrong = [check["name"] for check in said.document["checks"] if check["verdict"] == "wrong"]
        assert name in wrong


async def test_the_journal_is_read_and_verified_while_the_service_writes_it(desk: Scene) -> None:
    await tradewind("intent", "acquire", "0.1", "WETH", "--with", "USDC", "--watch", *here(desk))
    verified = await tradewind("journal", "verify", "--json", "--config", desk.config)
    assert (verified.exit_code, verified.document["ok"]) == (0, True)
    fills = await tradewind("journal", "show", "--type", "ExecutionCompleted", "--json", "--config", desk.config)
    assert len(fills.lines) == 1


async def test_up_stops_in_good_order_on_sigterm_and_says_when_its_port_is_taken(desk: Scene) -> None:
    port = desk.url.rsplit(":", 1)[1]
    second = desk.folder / "second.toml"
    text = (
        desk.config.read_text().replace("port = 0", f"port = {port}").replace('data_dir = "data"', 'data_dir = "two"')
    )
    second.write_text(text)
    taken = await tradewind("up", "--json", "--config", second)
    assert (taken.exit_code, taken.error["code"]) == (3, "port_in_use")
    assert await desk.service.stop() == 0
    last = await tradewind("journal", "show", "--json", "--config", desk.config)
    assert last.lines[-1]["envelope"]["type"] == "ServiceStopped"


async def test_up_writes_its_log_lines_to_a_file_when_asked(desk: Scene, tmp_path: Path) -> None:
    await desk.service.stop()
    log = tmp_path / "lines.log"
    child: Child[str] = await Child.start(
        "up",
        (sys.executable, "-m", "tradewind.cli", "up", "--config", desk.config, "--log-file", log),
        log=tmp_path / "up.log",
        ready=lambda line: line if line.startswith("listening") else None,
    )
    await child.stop()
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert {"service_started", "service_stopped"} <= set(events)
    assert "service_started" not in (tmp_path / "up.log").read_text()


async def test_keys_are_listed_by_the_signer_itself(desk: Scene) -> None:
    said = await tradewind(
        "keys", "list", "--keys", desk.folder / "keys.age", "--passphrase-file", desk.folder / "passphrase"
    )
    assert said.exit_code == 0, said.stderr
    assert truth.TRADER in said.stdout
    wrong = await tradewind("keys", "list", "--keys", desk.folder / "nothing.age")
    assert wrong.exit_code != 0


async def test_a_local_chain_runs_until_it_is_interrupted_and_leaves_nothing(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "localnet", "evm", "--port", "0", "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        document = json.loads(await process.stdout.readline())
    assert int(truth.rpc(document["rpc_url"], "eth_chainId"), 16) == document["chain_id"] == 42161
    assert truth.balance(document["rpc_url"], document["tokens"]["USDC"], document["wallet"]) > 0
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(TIMEOUT_S):
        assert await process.wait() == 0
    with pytest.raises(OSError, match="refused"):
        truth.rpc(document["rpc_url"], "eth_chainId")


async def test_the_whole_example_of_init_passes_the_signers_own_check(tmp_path: Path) -> None:
    assert (await tradewind("init", tmp_path / "desk")).exit_code == 0
    signer = os.environ.get("TRADEWIND_SIGNER") or str(Path(sys.executable).with_name("tradewind-signer"))
    process = await asyncio.create_subprocess_exec(
        *(signer, "check", "--config", str(tmp_path / "desk" / "signer.toml")), stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
