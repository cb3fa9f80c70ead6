"""The bytes of the engine and those of the executors' builder are the same for the same plan, blockhash and receipt."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, TRIANGLE, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind import core
from tradewind.domain.chain import SOLANA_MAINNET, SYSTEM_PROGRAM
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.execution.executors.ports import Blockhash, BuildRequest, ComputeBudget, Tip
from tradewind.execution.solana.builder import SolanaBuilder
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.lookup_tables import LookupTables
from tradewind.venues.solana.wallets import SolanaWallets

# Of CreateAccountWithSeed, as bincode writes it: number, base, length of the seed, seed.
CREATE_WITH_SEED, SEED_AT, SEED_CHARACTERS = (3).to_bytes(4, "little"), 44, 32
TRANSFER = (2).to_bytes(4, "little")


class AsSigned:
    """What a transaction that was signed says of itself: everything that its plan does not."""

    def __init__(self, wire: bytes) -> None:
        decoded = core.decode_solana_transaction(wire)
        self.message = decoded.message
        self.blockhash = Blockhash(decoded.recent_blockhash, 0, 0)
        system = [one for one in decoded.instructions if one.program == SYSTEM_PROGRAM]
        made = next(one.data for one in system if one.data[:4] == CREATE_WITH_SEED)
        self.seed = made[SEED_AT : SEED_AT + SEED_CHARACTERS].decode()
        paid = [one for one in system if one.data[:4] == TRANSFER and one.accounts[1].key in core.JITO_TIP_ACCOUNTS]
        tips = [Tip(one.accounts[1].key, int.from_bytes(one.data[4:], "little")) for one in paid]
        self.tip = tips[0] if tips else None

    async def receipt(self) -> str:
        return self.seed


async def built_again(deployment: SolanaDeployment, plan: ExecutionPlanEvent, signed: AsSigned) -> bytes:
    """The message that the executors' builder makes of the same."""
    described = deployment.chain.description
    pool = core.RPCConnectionPool([described.urls["rpc"]], genesis_hash=described.genesis_hash)
    cluster = SolanaCluster(pool, chain_id=SOLANA_MAINNET)
    builder = SolanaBuilder(
        cluster,
        SolanaWallets(cluster, [mint.mint for mint in described.mints]),
        options=core.VenueOptions(),
        tables=LookupTables(cluster, [described.lookup_table]),
        size_limit_bytes=1232,
    )
    request = BuildRequest(
        plan=plan,
        wallet=deployment.wallet.address,
        blockhash=signed.blockhash,
        compute_budget=ComputeBudget(plan.gas_estimate, plan.priority_fee),
        tip=signed.tip,
        receipt=signed.receipt,
    )
    unsigned = await builder.build(request)
    pool.close()
    return core.decode_solana_transaction(unsigned.message).message


@pytest.mark.parametrize("names", [BOTH_VENUES, TRIANGLE], ids=["two venues", "triangle"])
@pytest.mark.parametrize(
    "terms", [{}, {"tip_lamports": "20000", "unit_price_micro_lamports": "5000"}], ids=["plain", "tip and priority"]
)
async def test_the_executors_builder_makes_the_bytes_that_the_engine_had_signed(
    deployment: SolanaDeployment, tmp_path: Path, names: Any, terms: dict[str, str]
) -> None:
    config = configuration(deployment, names, folder=tmp_path / "arb-1")
    config["parameters"] |= terms
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    await engine.until("engine_ready")
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*names[0]), str(WSOL), 50_000_000_000)
    executed = await engine.until("executed", status="success")
    assert await engine.terminate() == 0
    told = next(one for one in engine.events("ExecutionPlanEvent") if one["planId"] == executed["plan_id"])
    plan = ExecutionPlanEvent.model_validate_json(json.dumps(told))
    signed = AsSigned(deployment.wire_of(executed["signature"]))
    assert (signed.tip is not None) is ("tip_lamports" in terms)
    assert (await built_again(deployment, plan, signed)).hex() == signed.message.hex()
