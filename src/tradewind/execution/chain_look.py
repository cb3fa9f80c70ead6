"""What is read of the chain before something is signed, in the form that the gate records as evidence."""

from dataclasses import dataclass

from tradewind.execution.signer_questions import ChainEvidence
from tradewind.venues.evm_block import BlockHeader
from tradewind.venues.evm_chain import EvmChain


@dataclass(frozen=True, slots=True)
class ChainLook:
    """A wallet's nonce (the number of its included transactions) and the block at which it was read."""

    header: BlockHeader
    nonce: int
    evidence: ChainEvidence


async def look(chain: EvmChain, wallet: str) -> ChainLook:
    """Read the newest block, and the wallet's nonce in its state."""
    header = await chain.head_header()
    return seen(chain, header, await chain.nonce(wallet, header.ref))


def seen(chain: EvmChain, header: BlockHeader, nonce: int) -> ChainLook:
    """A look whose parts have been read already."""
    evidence = ChainEvidence(
        latest_nonce=nonce, block=header.ref, base_fee_wei=header.base_fee_wei, endpoints=chain.rpc.endpoints
    )
    return ChainLook(header, nonce, evidence)
