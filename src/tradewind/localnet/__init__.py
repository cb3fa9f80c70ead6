"""Local chains for the demo, for tests and for paper trading: real contracts, on this machine alone."""

from tradewind.localnet.errors import LocalnetError, MissingTool, RpcError
from tradewind.localnet.evm import EvmLocalnet, MarketSwap
from tradewind.localnet.quoter import Quote, Quoter
from tradewind.localnet.serve import serve

__all__ = [
    "EvmLocalnet",
    "LocalnetError",
    "MarketSwap",
    "MissingTool",
    "Quote",
    "Quoter",
    "RpcError",
    "serve",
]
