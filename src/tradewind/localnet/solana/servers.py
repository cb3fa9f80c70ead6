"""The servers that stand in front of a node, besides JSON-RPC: each is one function, named in `SERVERS`.

A server is an async context manager: it starts on entry, on a free loopback port, and stops on exit. It gives the
addresses under which it is reached, by name (`jito`, `yellowstone`, ...), for the description of the chain. One that
`getClusterNodes` must tell of also writes it to `node.addresses` (`tpu_quic`: `127.0.0.1:1234`).
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from tradewind.localnet.solana.fronts import block_engine, shredstream, transaction_port, yellowstone
from tradewind.localnet.solana.node import SolanaNode

Server: TypeAlias = Callable[[SolanaNode], AbstractAsyncContextManager[Mapping[str, str]]]

SERVERS: tuple[Server, ...] = (block_engine, transaction_port, yellowstone, shredstream)
