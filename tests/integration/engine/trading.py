"""A local Solana with a signer, and an engine's configuration for it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap
from tradewind import core
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.configuration import STRATEGY_ID
from tradewind.localnet.solana.description import DescribedPool

BOTH_VENUES = (("raydium_amm_v4", "WIND/SOL"), ("pumpswap", "WIND/SOL"))
TRIANGLE = (("raydium_amm_v4", "TIDE/SOL"), ("raydium_amm_v4", "TIDE/USDC"), ("raydium_amm_v4", "SOL/USDC"))


def snapshot(chain: SolanaLocalnet, pools: Sequence[DescribedPool]) -> str:
    """These pools in their JSON form, as they are now."""
    node = chain.node
    accounts = [
        (str(key), str(account.owner), account.data)
        for key in chain.market.table_addresses
        if (account := node.account(key)) is not None and not account.executable
    ]
    clock = {"slot": node.slot, "epoch": node.epoch, "unix_timestamp": node.unix_timestamp_s}
    files = [json.loads(core.pool_from_accounts(pool.pool, accounts, **clock)) for pool in pools]
    return json.dumps({"pools": [state for file in files for state in file["pools"]]})


def configuration(
    deployment: SolanaDeployment, names: Sequence[tuple[str, str]], *, folder: Path, **changes: Any
) -> dict[str, Any]:
    """What a commander would resolve for an arbitrage over these pools."""
    described = deployment.chain.description
    folder.mkdir(exist_ok=True)
    (folder / "pools.json").write_text(snapshot(deployment.chain, [described.pool(*name) for name in names]))
    config: dict[str, Any] = {
        "version": 1,
        "strategy": "arb",
        "instance": "arb-1",
        "folder": str(folder),
        "chain": {
            "chain_id": 101,
            "rpc": [described.urls["rpc"]],
            "websocket": described.urls["websocket"],
            "yellowstone": None,
            "shredstream": None,
            "genesis_hash": described.genesis_hash,
        },
        "signer": {"socket": str(deployment.folder / "signer.sock")},
        "feeds": {"kind": "websocket"},
        "inventory": {"snapshot": "pools.json", "programs": []},
        "mode": "live",
        "executes": "engine",
        "limits": {"max_opportunity_age_ms": "2000"},
        "blacklist": [],
        "parameters": {
            "strategy_id": str(STRATEGY_ID),
            "lookup_tables": [described.lookup_table],
            "bases": [{"mint": str(WSOL), "min_profit_raw": "100000", "max_amount_in_raw": "20000000000"}],
            "max_hops": "3",
        },
    }
    return config | changes


async def slots_pass(deployment: SolanaDeployment, slots: int) -> None:
    """Return when the chain is so many slots on."""
    end = deployment.chain.node.slot + slots
    async with asyncio.timeout(30):
        while deployment.chain.node.slot < end:
            await asyncio.sleep(0.01)


def swap_by_somebody_else(chain: SolanaLocalnet, pool: DescribedPool, mint_in: str, amount_raw: int) -> None:
    """Another wallet sells so much into a pool of Raydium AMM v4."""
    other = chain.wallets["third"]
    send(chain, other, [amm_v4_swap(pool, other.pubkey(), Pubkey.from_string(mint_in), amount_raw, 1)])


def send(chain: SolanaLocalnet, payer: Keypair, instructions: Sequence[Any]) -> None:
    """Sign and land a transaction, without asking the chain over the network."""
    blockhash = chain.node.latest_blockhash().blockhash
    message = MessageV0.try_compile(payer.pubkey(), list(instructions), [], blockhash)
    submission = chain.node.submit(bytes(VersionedTransaction(message, [payer])), lane="rpc")
    assert submission.meta is not None, submission
    assert submission.meta.err is None, submission
