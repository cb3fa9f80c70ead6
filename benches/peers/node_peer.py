"""A peer in Node, as a process that is asked in JSON lines."""

from pathlib import Path

from benches.line_process import LineProcess
from benches.peers.packages import ensure_peers
from tradewind.localnet.packages import node

HERE = Path(__file__).parent


def node_peer(script: str) -> LineProcess:
    """The peer `benches/peers/<script>.cjs`, with the packages of the lock file."""
    return LineProcess([node(), str(HERE / f"{script}.cjs"), str(ensure_peers())])
