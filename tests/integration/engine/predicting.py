"""An engine that reads transactions before their execution, and somebody else whose transactions they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from solders.instruction import Instruction
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, configuration, slots_pass
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap, pumpswap_buy_exact_in

AMM_V4, PUMPSWAP = BOTH_VENUES
LAMPORTS_IN = 50_000_000_000


async def followed(
    deployment: SolanaDeployment,
    tmp_path: Path,
    on_prediction: str,
    truth: str = "websocket",
    *,
    pools: Sequence[tuple[str, str]] = BOTH_VENUES,
    gate: Path | None = None,
    limits: Mapping[str, str] | None = None,
) -> EngineProcess:
    """An engine that reads the entries, and what came of them from one other feed; all there was to gain is taken."""
    described = deployment.chain.description
    config = configuration(deployment, pools, folder=tmp_path / "arb-1", feeds={"kind": "shredstream"})
    if gate is not None:
        config["signer"] = {"socket": str(gate)}
    config["chain"] |= {"websocket": None, "shredstream": described.urls["shredstream"], truth: described.urls[truth]}
    config["limits"] |= {"max_feed_silence_ms": "60000", **(limits or {})}
    config["parameters"] |= {"on_prediction": on_prediction}
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    await engine.until("entries_followed")
    await engine.until("engine_ready")
    await engine.until("executed", status="success")
    await slots_pass(deployment, 5)
    return engine


def somebody(deployment: SolanaDeployment, venue: str, lamports: int = LAMPORTS_IN) -> bytes:
    """Another wallet's purchase of WIND, signed."""
    chain, payer = deployment.chain, deployment.chain.wallets["third"]
    amm_v4, pumpswap = (chain.description.pool(*name) for name in BOTH_VENUES)
    call: Instruction
    if venue == "raydium_amm_v4":
        call = amm_v4_swap(amm_v4, payer.pubkey(), WSOL, lamports, 1)
    else:
        call = pumpswap_buy_exact_in(pumpswap, payer.pubkey(), lamports, 1, chain.node)
    message = MessageV0.try_compile(payer.pubkey(), [call], [], chain.node.latest_blockhash().blockhash)
    return bytes(VersionedTransaction(message, [payer]))


def gained(engine: EngineProcess) -> int:
    return sum(int(result["actualProfit"] or 0) for result in engine.events("ExecutionResultEvent"))


def predictions(engine: EngineProcess) -> dict[str, Any]:
    counts: dict[str, Any] = engine.said("status")[-1]["predictions"]
    return counts
