"""A receipt's account on a chain that runs the real system program: found in use, and made by whom."""

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import (
    CreateAccountWithSeedParams,
    TransferParams,
    create_account_with_seed,
    transfer,
)
from solders.transaction import VersionedTransaction

from tests.integration.lanes.rig import Rig
from tradewind import core
from tradewind.execution.executors.codes import RECEIPT_IN_USE
from tradewind.execution.executors.outcomes import Reverted
from tradewind.execution.executors.ports import SignedAttempt
from tradewind.execution.solana.confirmations import SolanaConfirmations
from tradewind.venues.solana.cluster import SolanaCluster

SYSTEM = Pubkey.from_string("11111111111111111111111111111111")
SEED = "5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c"
RENT_LAMPORTS = 890_880


async def sent(rig: Rig, payer: Keypair, call: Instruction) -> SignedAttempt:
    latest = rig.chain.node.latest_blockhash()
    message = MessageV0.try_compile(payer.pubkey(), [call], [], latest.blockhash)
    signed = VersionedTransaction(message, [payer])
    lane = core.RpcLane(rig.pool)
    assert (await lane.send(bytes(signed))).kind == "accepted"
    rig.chain.node.advance()
    height = latest.last_valid_block_height
    return SignedAttempt(1, str(payer.pubkey()), str(signed.signatures[0]), bytes(signed), height, has_receipt=True)


def receipt(wallet: Keypair) -> Instruction:
    return create_account_with_seed(
        CreateAccountWithSeedParams(
            from_pubkey=wallet.pubkey(),
            to_pubkey=Pubkey.create_with_seed(wallet.pubkey(), SEED, SYSTEM),
            base=wallet.pubkey(),
            seed=SEED,
            lamports=RENT_LAMPORTS,
            space=0,
            owner=SYSTEM,
        )
    )


@pytest.mark.parametrize("maker", ["stranger", "wallet"])
async def test_the_chain_tells_who_made_a_receipt_once_its_block_is_final(rig: Rig, maker: str) -> None:
    wallet, stranger = rig.payer, next(pair for name, pair in rig.chain.wallets.items() if name != "trader")
    address = Pubkey.create_with_seed(wallet.pubkey(), SEED, SYSTEM)
    if maker == "stranger":
        paid = TransferParams(from_pubkey=stranger.pubkey(), to_pubkey=address, lamports=RENT_LAMPORTS)
        await sent(rig, stranger, transfer(paid))
    else:
        await sent(rig, wallet, receipt(wallet))
    attempt = await sent(rig, wallet, receipt(wallet))
    watch = core.ConfirmationWatch(rig.pool)
    asked = SolanaConfirmations(watch, SolanaCluster(rig.pool, chain_id=101), commitment="processed")
    assert await asked.receipt_maker(attempt) is None
    rig.chain.node.advance(40)
    outcome = await asked.outcome(attempt, within_ms=1_000)
    assert isinstance(outcome, Reverted)
    assert outcome.error.name == RECEIPT_IN_USE
    assert await asked.receipt_maker(attempt) == maker
