"""The client, the example that ships with it and the commands that use it, against a whole deployment."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import ROOT, Deployment
from tests.e2e.intents import acquire
from tests.e2e.test_cli import Said, tradewind
from tradewind.client import AsyncClient, Client
from tradewind.domain.status import IntentStatus
from tradewind.errors import Conflict
from tradewind.localnet.evm import EvmLocalnet

INTENT = ROOT / "src" / "tradewind" / "configs" / "intent.json"


def token_file(deployment: Deployment) -> Path:
    return deployment.folder / "data" / "api.token"


@pytest_asyncio.fixture
async def client(deployment: Deployment) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(deployment.url, token_file(deployment).read_text().strip()) as opened:
        yield opened


async def command(deployment: Deployment, *arguments: object) -> Said:
    where = ("--config", deployment.folder / "arbitrum.toml", "--url", deployment.url)
    return await tradewind(*arguments, *where)


async def test_the_shipped_example_quotes_sends_and_follows_an_intent_to_its_fill(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    before = truth.balance(chain.rpc_url, truth.WETH)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, ROOT / "examples" / "watch_an_intent.py", deployment.url, token_file(deployment), INTENT),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, fault = await process.communicate()
    assert process.returncode == 0, fault.decode()
    lines = said.decode().splitlines()
    assert lines[0].startswith("acquire 1.5 WETH with USDC: ")
    assert " % USDC -(" in lines[0]
    assert lines[-1].endswith("for 1.5 WETH")
    assert truth.balance(chain.rpc_url, truth.WETH) - before == 1_500_000_000_000_000_000


async def test_an_intent_sent_twice_under_one_key_is_carried_out_once(
    deployment: Deployment, client: AsyncClient, chain: EvmLocalnet
) -> None:
    body = INTENT.read_bytes()
    receipts = [await client.submit(body, idempotency_key="desk-7") for _ in range(2)]
    assert receipts[0].id == receipts[1].id
    done = await client.wait(receipts[0].id)
    assert done.status is IntentStatus.COMPLETED
    # As a program that waits asks.
    with Client(deployment.url, token_file(deployment).read_text().strip()) as waiting:
        shown = await asyncio.to_thread(waiting.intent, done.id)
    assert shown.fill == done.fill
    assert truth.nonce(chain.rpc_url) == 1


async def test_a_halted_intent_is_cancelled_and_nothing_of_it_is_ever_sent(
    deployment: Deployment, client: AsyncClient, chain: EvmLocalnet
) -> None:
    halted = await client.halt("a test")
    receipt = await client.submit(acquire("0.1"))
    said = await command(deployment, "cancel", receipt.id, "--reason", "changed my mind", "--json")
    assert said.exit_code == 0, said.stderr
    done = await client.wait(receipt.id)
    assert (done.status, done.cancel_requested) == (IntentStatus.CANCELLED, "owner")
    await client.resume(halted.kill_epoch)
    with pytest.raises(Conflict) as caught:
        await client.cancel(receipt.id)
    assert caught.value.code == "intent_ended"
    filled = await client.wait((await client.submit(acquire("0.1"))).id)
    assert filled.status is IntentStatus.COMPLETED
    assert truth.nonce(chain.rpc_url) == 1


async def test_the_portfolio_is_what_the_chain_says(
    deployment: Deployment, client: AsyncClient, chain: EvmLocalnet
) -> None:
    await client.wait((await client.submit(acquire("1.5"))).id)
    found = await client.portfolio()
    [wallet] = found.wallets
    held = {holding.asset.symbol: holding.balance_raw for holding in wallet.holdings}
    for symbol, address in (("WETH", truth.WETH), ("USDC", truth.USDC), ("ARB", truth.ARB)):
        assert held[symbol] == truth.balance(chain.rpc_url, address)
    assert found.budgets is not None
    shown = await command(deployment, "portfolio")
    assert (shown.exit_code, "WETH" in shown.stdout) == (0, True), shown.stderr
    document = (await command(deployment, "portfolio", "--json")).document
    assert UUID(document["strategies"][0]["strategy_id"])


async def test_quotes_limits_and_events_on_the_command_line(deployment: Deployment, tmp_path: Path) -> None:
    quoted = await command(deployment, "quote", INTENT, "--json")
    assert (quoted.exit_code, quoted.document["would_be"]) == (0, "accepted"), quoted.stderr
    for_people = await command(deployment, "quote", "acquire", "1.5", "WETH", "--with", "USDC")
    assert (for_people.exit_code, "accepted" in for_people.stdout) == (0, True), for_people.stderr
    refused = await command(deployment, "quote", "acquire", "19.9", "WETH", "--with", "USDC")
    assert (refused.exit_code, "balance_too_low" in refused.stdout) == (1, True), refused.stdout

    limits = await command(deployment, "limits", "--json")
    assert limits.exit_code == 0, limits.stderr
    [slippage] = [one for one in limits.document["limits"] if one["key"].endswith("max_slippage_bps")]
    lowered = await command(deployment, "limits", "set", slippage["key"], "50", "--json")
    assert (lowered.exit_code, lowered.document["in_force"]) == (0, True), lowered.stderr
    raised = await command(deployment, "limits", "set", slippage["key"], slippage["value"], "--json")
    assert (raised.exit_code, raised.document["in_force"]) == (0, False), raised.stderr
    assert (await command(deployment, "limits", "cancel-raise", slippage["key"])).exit_code == 0
    assert slippage["key"] in (await command(deployment, "limits")).stdout

    recorded = await command(deployment, "events", "--json")
    assert [json.loads(line)["seq"] for line in recorded.stdout.splitlines()][:1] == [1]
    followed = await command(deployment, "events", "-f", "--after", 0, "--limit", 1)
    assert (followed.exit_code, "ServiceStarted" in followed.stdout) == (0, True)
