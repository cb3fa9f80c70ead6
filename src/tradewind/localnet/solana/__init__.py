"""A local Solana of one node, over LiteSVM: real programs, real rules for slots and blockhashes, faults on demand."""

from tradewind.localnet.solana.description import SolanaLocalnetDescription
from tradewind.localnet.solana.faults import Faults, FaultSettings
from tradewind.localnet.solana.localnet import SolanaLocalnet
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.options import NodeOptions

__all__ = ["FaultSettings", "Faults", "NodeOptions", "SolanaLocalnet", "SolanaLocalnetDescription", "SolanaNode"]
