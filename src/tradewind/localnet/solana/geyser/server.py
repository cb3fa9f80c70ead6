"""Starts a Yellowstone server in front of a node."""

from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.service import SERVICE, GeyserService
from tradewind.localnet.solana.grpc_port import GRACE_S, open_grpc_port
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.served import Served


class ServedGeyser(Served):
    """A running server; `url` is `http://host:port`, as the official client wants it."""

    service: GeyserService


async def serve_geyser(node: SolanaNode, options: GeyserOptions | None = None) -> ServedGeyser:
    """Start it. Raises LocalnetError `port_in_use`."""
    options = options or GeyserOptions()
    service = GeyserService(node, options)
    try:
        server, address = await open_grpc_port([(SERVICE, service.methods())], options.port)
    except BaseException:
        await service.hub.close()
        raise

    async def close() -> None:
        await service.hub.close()
        await server.stop(GRACE_S)

    served = ServedGeyser(f"http://{address}", close)
    served.service = service
    return served
