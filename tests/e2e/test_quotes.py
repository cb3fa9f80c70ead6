"""Quotes against the real chain and the real signer: what they say is what then happens, and they leave no trace."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire, dispose, intent, spec
from tradewind.core import decode_eip1559
from tradewind.localnet.evm import EvmLocalnet


async def quote(deployment: Deployment, body: dict[str, Any]) -> dict[str, Any]:
    status, said = await deployment.request("POST", "/quotes", body)
    assert status == 200, said
    return dict(said)


def journal_rows(deployment: Deployment) -> int:
    connection = sqlite3.connect(f"file:{deployment.folder}/data/journal.db?mode=ro", uri=True)
    return int(connection.execute("SELECT count(*) FROM events WHERE type LIKE 'Intent%'").fetchone()[0])


def gate_rows(deployment: Deployment) -> int:
    """Everything that the gate has on record of steps, whatever its tables are called."""
    connection = sqlite3.connect(f"file:{deployment.folder}/gate.db?mode=ro", uri=True)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    recorded = [name for name in names if name in {"steps", "attempts", "permits"}]
    assert "attempts" in recorded
    return sum(int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in recorded)


@pytest.mark.parametrize("body", [acquire("1.5"), dispose("0.7")], ids=["acquire", "dispose"])
async def test_what_is_quoted_is_what_the_quoter_says_and_what_is_then_filled(
    deployment: Deployment, chain: EvmLocalnet, body: dict[str, Any]
) -> None:
    url = chain.rpc_url
    said = await quote(deployment, body)
    assert said["would_be"] == "accepted", said["rejections"]
    route = said["route"]
    exact, quoted = ("out", "quoted_pay") if body["intent_type"] == "acquire" else ("in", "quoted_get")
    fixed = "gets" if exact == "out" else "pays"
    assert sum(int(leg[fixed]["raw"]) for leg in route["legs"]) == int(said["amount"]["raw"])
    at = hex(route["quoted_at_block"])
    assert int(route[quoted]["raw"]) == truth.quoter_of_legs(url, exact, route["legs"], at)
    filled = await deployment.until_final(await deployment.submit(body))
    side = "paid" if exact == "out" else "got"
    assert filled["fill"][side]["raw"] == route[quoted]["raw"]


async def test_a_quote_leaves_no_trace_in_the_journal_the_gate_or_the_chain(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    before = journal_rows(deployment), gate_rows(deployment), truth.nonce(chain.rpc_url)
    for body in (acquire("1.5"), dispose("3"), acquire("1000000")):
        await quote(deployment, body)
    assert (journal_rows(deployment), gate_rows(deployment), truth.nonce(chain.rpc_url)) == before


async def test_the_unsigned_transaction_is_the_swap_within_its_limits(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    said = await quote(deployment, acquire("1.5"))
    [sent] = said["route"]["transactions"]
    decoded = decode_eip1559(bytes.fromhex(sent["unsigned_tx"][2:]))
    assert decoded.signature is None
    tx = decoded.transaction
    assert (tx.chain_id, tx.nonce, tx.to) == (42161, truth.nonce(chain.rpc_url), truth.ROUTER)
    assert sent["permit_is_blank"] is True
    assert (sent["policy"]["verdict"], sent["policy"]["rule"]) == ("passed", None)
    worst, quoted = int(said["route"]["worst_pay"]["raw"]), int(said["route"]["quoted_pay"]["raw"])
    assert worst == quoted * 1_005 // 1_000


async def test_a_token_that_needs_an_approval_first_is_quoted_with_both_transactions(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    no_permit = {'permit = { name = "Arbitrum", version = "1" }': ""}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=no_permit) as deployment:
        said = await quote(deployment, dispose("1000", "ARB"))
    sent = said["route"]["transactions"]
    assert [(tx["step"], tx["kind"], tx["permit_is_blank"]) for tx in sent] == [
        (0, "approve", False),
        (1, "swap", False),
    ]
    assert [tx["policy"] for tx in sent] == [{"verdict": "passed", "rule": None, "message": None}] * 2
    nonces = [decode_eip1559(bytes.fromhex(tx["unsigned_tx"][2:])).transaction.nonce for tx in sent]
    assert nonces == [0, 1]


async def test_what_no_rule_allows_is_said_with_the_code_that_the_intent_would_end_with(
    deployment: Deployment,
) -> None:
    for body, code in (
        (acquire("19.9"), "balance_too_low"),
        (acquire("1", slippage="0.02"), "slippage_above_strategy_limit"),
        (intent("acquire", spec("ARB", percentage="0.000000000000000000001"), "USDC"), "holding_too_small"),
    ):
        said = await quote(deployment, body)
        assert said["would_be"] == "rejected"
        assert code in [found["code"] for found in said["rejections"]], said["rejections"]
        assert (said["code"], said["message"]) == tuple(said["rejections"][0][key] for key in ("code", "message"))


async def test_the_signers_own_rules_speak_in_a_quote_too(deployment: Deployment) -> None:
    """The signer's halt is the rule that everybody can try."""
    await deployment.request("POST", "/halt", {"reason": "a test"})
    said = await quote(deployment, acquire("0.1"))
    [sent] = said["route"]["transactions"]
    assert (sent["policy"]["verdict"], sent["policy"]["rule"]) == ("refused", "halted")
    assert (said["would_be"], said["code"]) == ("rejected", "halted")


async def test_without_a_signer_a_quote_says_what_it_could_not_ask(deployment: Deployment) -> None:
    await deployment.kill(deployment.signer)
    said = await quote(deployment, acquire("0.1"))
    [sent] = said["route"]["transactions"]
    assert (sent["policy"]["verdict"], sent["policy"]["rule"]) == ("unknown", "signer_unreachable")
    assert said["route"]["quoted_pay"]["symbol"] == "USDC"
