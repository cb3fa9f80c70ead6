"""A deployment under reorganisations: what a test does to the chain, and what it then asks service and chain."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment
from tradewind.localnet.base_fee import ARBITRUM_BASE_FEE_WEI
from tradewind.localnet.evm import EvmLocalnet

# The service looks at the chain this often here, so that a test need not wait.
QUICK = {"poll_interval_ms = 250": "poll_interval_ms = 50"}
# Anvil calls a block final when 64 follow it.
FINALITY_BLOCKS = 66

View = dict[str, Any]


async def until_view(
    deployment: Deployment, intent_id: UUID, holds: Callable[[View], bool], *, timeout_s: float = 30
) -> View:
    """The intent as soon as the condition holds for it."""
    view: View = {}
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                _, view = await deployment.request("GET", f"/intents/{intent_id}")
                if holds(view):
                    return view
                await asyncio.sleep(0.02)
    except TimeoutError:
        happened = [moment["event"] for moment in view["timeline"]]
        raise AssertionError(f"{view['status']} after {happened}\n{deployment.log('service')[-4000:]}") from None


def rounds(view: View) -> int:
    """How often the chain has taken something of the intent back."""
    return [moment["event"] for moment in view["timeline"]].count("ExecutionStepReorganised")


async def until_completed_again(deployment: Deployment, intent_id: UUID, *, after_rounds: int = 1) -> View:
    """The intent once it has ended anew, behind that many reorganisations."""
    return await until_view(
        deployment, intent_id, lambda view: rounds(view) >= after_rounds and view["status"] == "COMPLETED"
    )


async def until_finalized(deployment: Deployment, chain: EvmLocalnet, intent_id: UUID) -> View:
    """The intent once every transaction of it that landed is final; the blocks that takes are mined here."""
    await mine_at_constant_fee(chain, FINALITY_BLOCKS)
    return await until_view(
        deployment,
        intent_id,
        lambda view: all(sent["level"] == "finalized" for sent in view["transactions"] if sent["block_number"]),
    )


def landed(view: View) -> View:
    """The one transaction of the intent that the chain has, as the service says."""
    [transaction] = [sent for sent in view["transactions"] if sent["block_number"]]
    return dict(transaction)


async def reorganise(
    deployment: Deployment, chain: EvmLocalnet, depth: int, transactions: Sequence[tuple[str, int]] = ()
) -> None:
    """Replace the last `depth` blocks, as `EvmLocalnet.reorg` does, in one instant for the service.

    Anvil makes the new blocks one by one, and what it is sent meanwhile runs on a state that is only half there.
    """
    service = deployment.service
    running = service is not None and service.returncode is None
    if service is not None and running:
        service.send_signal(signal.SIGSTOP)
    try:
        await chain.reorg(depth, transactions)
    finally:
        if service is not None and running:
            service.send_signal(signal.SIGCONT)


async def mine_at_constant_fee(chain: EvmLocalnet, blocks: int) -> None:
    """Mine blocks of which the last one shows the usual base fee; it sinks with each block that is mined in a burst."""
    if blocks > 1:
        await chain.mine(blocks - 1)
    await chain.set_base_fee(ARBITRUM_BASE_FEE_WEI)
    await chain.mine(1)


async def raw_transaction(chain: EvmLocalnet, tx_hash: str) -> str:
    """The signed bytes of a transaction, from the chain."""
    return str(await chain.rpc.call("eth_getRawTransactionByHash", tx_hash))


async def conflicting_transaction(chain: EvmLocalnet, nonce: int) -> str:
    """Signed bytes of the trader's own key with this nonce, which the service knows nothing of."""
    fields = {
        "from": truth.TRADER,
        "to": truth.TRADER,
        "gas": "0x5208",
        "nonce": hex(nonce),
        "maxFeePerGas": hex(10**10),
        "maxPriorityFeePerGas": "0x0",
        "chainId": hex(chain.chain_id),
    }
    signed = await chain.rpc.call("eth_signTransaction", fields)
    return str(signed["raw"] if isinstance(signed, dict) else signed)


def effects(url: str) -> Counter[int]:
    """How often each amount of WETH came to the trader, by the canonical chain alone."""
    receipts = [receipt for receipt in truth.trader_receipts(url) if receipt["status"] == "0x1"]
    amounts = (truth.received(receipt, truth.WETH) for receipt in receipts)
    return Counter(amount for amount in amounts if amount)


def receipt(url: str, tx_hash: str) -> View | None:
    """The receipt, by the chain."""
    found = truth.rpc(url, "eth_getTransactionReceipt", tx_hash)
    return dict(found) if found else None
