"""Starts a block engine in front of a node: for each of its regions an HTTP and a gRPC port."""

from collections.abc import Sequence

from aiohttp import web

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.block_engine.engine import BlockEngine
from tradewind.localnet.solana.block_engine.http_api import HttpApi
from tradewind.localnet.solana.block_engine.options import BlockEngineOptions
from tradewind.localnet.solana.block_engine.rate_limit import RateLimit
from tradewind.localnet.solana.block_engine.searcher import SERVICE, SearcherService
from tradewind.localnet.solana.grpc_port import GRACE_S, HOST, open_grpc_port
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.served import Served

_SHUTDOWN_S = 0.5


class ServedBlockEngine(Served):
    """A running block engine. `url` and `grpc_url` are those of its first region; `urls` and `grpc_urls` have all.

    `url` is `http://host:port`, to which clients add `/api/v1/bundles`; `grpc_url` is `host:port`.
    """

    engine: BlockEngine
    urls: dict[str, str]
    grpc_urls: dict[str, str]

    @property
    def grpc_url(self) -> str:
        """The gRPC port of the first region."""
        return next(iter(self.grpc_urls.values()))


async def serve_block_engine(node: SolanaNode, options: BlockEngineOptions | None = None) -> ServedBlockEngine:
    """Start it. Raises LocalnetError `port_in_use`, or `regions_invalid` when there are none or two of one name."""
    options = options or BlockEngineOptions()
    if not options.regions or len(set(options.regions)) != len(options.regions):
        raise LocalnetError("regions_invalid", f"regions must be one or more different names, not {options.regions}.")
    engine = BlockEngine(node, options)
    limit = RateLimit(options.requests_per_second, options.clock, max_known=options.max_known_addresses)
    runners: list[web.AppRunner] = []
    grpc_servers: list[object] = []

    async def close() -> None:
        await engine.close()
        for server in grpc_servers:
            await server.stop(GRACE_S)  # type: ignore[attr-defined]
        for runner in runners:
            await runner.cleanup()

    urls: dict[str, str] = {}
    grpc_urls: dict[str, str] = {}
    try:
        for place, region in enumerate(options.regions):
            runner = web.AppRunner(
                HttpApi(engine, region, limit).application(), shutdown_timeout=_SHUTDOWN_S, access_log=None
            )
            runners.append(runner)
            urls[region] = await _listen(runner, _port(options.http_ports, place))
            methods = SearcherService(engine, region, limit).methods()
            server, grpc_urls[region] = await open_grpc_port([(SERVICE, methods)], _port(options.grpc_ports, place))
            grpc_servers.append(server)
    except BaseException:
        await close()
        raise
    served = ServedBlockEngine(urls[options.regions[0]], close)
    served.engine, served.urls, served.grpc_urls = engine, urls, grpc_urls
    return served


def _port(ports: Sequence[int], place: int) -> int:
    return ports[place] if place < len(ports) else 0


async def _listen(runner: web.AppRunner, port: int) -> str:
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as failure:
        raise LocalnetError(
            "port_in_use",
            f"Port {port} on {HOST} cannot be opened: {failure.strerror}.",
            remedy="Stop the program that has it, or choose another port (0 takes a free one).",
        ) from failure
    host, number = runner.addresses[0][:2]
    return f"http://{host}:{number}"
