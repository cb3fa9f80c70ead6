"""An engine that liquidates loans of Kamino's dumped market on a local Solana."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solders.signature import Signature

from tests.e2e.deployment import FAILPOINTS
from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana
from tests.integration.engine.engine_process import ROOT, EngineProcess
from tests.integration.engine.lending import KAMINO, SOL_RESERVE, USDC_RESERVE, LendingMarket
from tests.integration.engine.trading import snapshot
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.commander.resolved import content_of
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.localnet.solana.configuration import STRATEGY_ID

EXAMPLE = ROOT / "configs" / "strategies" / "liquidation.yaml"
SOL_USDC = ("raydium_amm_v4", "SOL/USDC")


def example(folder: Path) -> dict[str, Any]:
    """The example as a commander resolves it."""
    content = content_of(read_strategy_file(EXAMPLE).settings, instance="liquidation-1", folder=folder)
    return {"version": 1, **content}


def configuration(deployment: SolanaDeployment, lending: LendingMarket, folder: Path, **changes: Any) -> dict[str, Any]:
    """The example on this chain."""
    described = deployment.chain.description
    folder.mkdir(exist_ok=True)
    pool = described.pool(*SOL_USDC)
    (folder / "pools.json").write_text(snapshot(deployment.chain, [pool]))
    config = example(folder)
    chain = {"rpc": [described.urls["rpc"]], "websocket": described.urls["websocket"]}
    config["chain"] |= chain | {"genesis_hash": described.genesis_hash}
    config["limits"] |= {"max_opportunity_age_ms": "30000"}
    config["inventory"] = {"snapshot": "pools.json", "programs": []}
    config["parameters"] |= {
        "wallet": deployment.wallet.address,
        "lookup_tables": [lending.lookup_table(pool.pool, pool.base_vault, str(pool.quote_vault))],
        "bases": [{"mint": str(WSOL), "min_profit_raw": "1000"}],
    }
    return config | changes


@dataclass(frozen=True)
class Liquidating:
    """A loan that owes too much, and a signer whose policy lets the wallet liquidate it."""

    deployment: SolanaDeployment
    lending: LendingMarket
    loan: str
    folder: Path

    def engine(self, **changes: Any) -> EngineProcess:
        """One that trades live."""
        config = configuration(self.deployment, self.lending, self.folder / "liquidation-1", **changes)
        config |= {
            "mode": "live",
            "executes": "engine",
            "signer": {"socket": str(self.deployment.folder / "signer.sock")},
        }
        config["parameters"] |= {"strategy_id": str(STRATEGY_ID)}
        return EngineProcess(config | changes, config_path=self.folder / "resolved.json")

    def units_of(self, signature: str) -> int:
        """The compute units that a transaction which landed took, by the node's own record."""
        event = self.deployment.chain.node.transaction(Signature.from_string(signature))
        assert event is not None
        return event.meta.compute_units_consumed


@asynccontextmanager
async def liquidating(folder: Path, *, klend: bytes | None = None, allowed: bool = True) -> AsyncIterator[Liquidating]:
    """The market with Kamino's program where there is a build of it; without, everything but that."""
    async with deployed_on_solana(folder, signer=FAILPOINTS, start=False) as deployment:
        lending = LendingMarket(deployment.chain, farms=False)
        if klend is not None:
            lending.deploy(klend)
        if allowed:
            allow(deployment, lending)
        await deployment.start_signer()
        # Owed SOL counts 1.25 times; the threshold is 90 % of the deposit.
        yield Liquidating(deployment, lending, lending.loan(1, dollars=2_000, owed_share=0.73), folder)


def allow(deployment: SolanaDeployment, lending: LendingMarket) -> None:
    """Add to the signer's policy what a liquidation takes: the program, who lends, and whose loans of what."""
    path = deployment.folder / "signer.toml"
    policy = path.read_text()
    head, tokens = policy.split("[[chains.101.tokens]]", 1)
    head = head.replace("programs = [\n", f'programs = [\n  "{KAMINO}",\n', 1)
    head += f'''flash_reserves = [{{ reserve = "{SOL_RESERVE}", assumed_fee_bps = 1 }}]

[chains.101.liquidations]
wallets = ["{deployment.wallet.address}"]
'''
    for reserve, mint, most in ((SOL_RESERVE, str(WSOL), "100"), (USDC_RESERVE, lending.usdc, "0")):
        head += f'''
[[chains.101.liquidations.reserves]]
reserve = "{reserve}"
mint = "{mint}"
collateral_mint = "{lending.collateral_mint(reserve)}"
max_repaid_per_transaction = "{most}"
'''
    path.write_text(f"{head}\n[[chains.101.tokens]]{tokens}")
