"""Starts the local Solana: a node with a market on it, JSON-RPC, subscriptions, and the other servers in front."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.packages import Progress
from tradewind.localnet.solana.account_files import read_accounts, read_program
from tradewind.localnet.solana.block_engine.tips import TIP_ACCOUNTS
from tradewind.localnet.solana.description import (
    DescribedMint,
    DescribedPool,
    DescribedWallet,
    SolanaLocalnetDescription,
)
from tradewind.localnet.solana.market.keys import write_keypairs
from tradewind.localnet.solana.market.opening import (
    AMM_V4_POOLS,
    CURVES,
    LOOKUP_TABLE,
    PUMPSWAP_POOLS,
    WALLET_HOLDINGS,
    WALLET_LAMPORTS,
    Market,
    open_market,
)
from tradewind.localnet.solana.market.tokens import TOKENS, WSOL
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.options import NodeOptions
from tradewind.localnet.solana.programs import PROGRAMS, ensure_programs
from tradewind.localnet.solana.rpc_server import RpcServer
from tradewind.localnet.solana.servers import SERVERS, Server
from tradewind.localnet.solana.token_accounts import associated_token_address
from tradewind.observability.clock import Clock, SystemClock


class SolanaLocalnet:
    """`async with SolanaLocalnet() as chain:` starts everything on loopback, and stops it at the end.

    `port` is JSON-RPC's, the next one is the subscriptions'; 0 takes free ones. With `automatic` False slots pass by
    `chain.node.advance()` alone. `keys_folder`: where the wallets' key files go (none are written without it).
    `programs` and `accounts` are a user's own, in the forms of `account_files`. Raises MissingTool, LocalnetError or
    InvalidInput when it cannot start.
    """

    def __init__(
        self,
        *,
        options: NodeOptions | None = None,
        clock: Clock | None = None,
        port: int = 0,
        automatic: bool = True,
        keys_folder: Path | None = None,
        programs: Sequence[str] = (),
        accounts: Sequence[str] = (),
        servers: Sequence[Server] = SERVERS,
        progress: Progress = lambda _: None,
    ) -> None:
        self._options = options or NodeOptions()
        self._clock = clock or SystemClock()
        self._port = port
        self._automatic = automatic
        self._keys_folder = keys_folder
        self._programs = tuple(programs)
        self._accounts = tuple(accounts)
        self._servers = tuple(servers)
        self._progress = progress
        self._stack = AsyncExitStack()
        self._running: asyncio.Task[None] | None = None
        self.node: SolanaNode
        self.market: Market
        self.description: SolanaLocalnetDescription

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def rpc_url(self) -> str:
        """JSON-RPC over HTTP."""
        return self.description.urls["rpc"]

    @property
    def ws_url(self) -> str:
        """Subscriptions over WebSocket."""
        return self.description.urls["websocket"]

    @property
    def wallets(self) -> dict[str, Keypair]:
        """The funded wallets by name."""
        return dict(self.market.wallets)

    async def wait_until_it_ends(self) -> None:
        """Wait for as long as slots pass; raises what stopped them."""
        if self._running is None:
            raise LocalnetError(
                "slots_not_automatic", "Slots pass by `node.advance()` alone; there is no end to await."
            )
        await asyncio.shield(self._running)

    async def _start(self, stack: AsyncExitStack) -> None:
        own_programs = [read_program(wish) for wish in self._programs]
        own_accounts = [named for wish in self._accounts for named in read_accounts(wish)]
        code = await asyncio.to_thread(ensure_programs, self._progress)
        self.node = SolanaNode(self._options, self._clock)
        stack.callback(self.node.close)
        self.market = open_market(self.node, code, seed=self._options.seed)
        for program, bytes_of_it in own_programs:
            self.node.add_program(program, bytes_of_it)
        for named in own_accounts:
            self.node.set_account(named.address, named.account)
        # What the market consists of is final before anybody looks.
        self.node.advance(self._options.finalized_after + 1)
        rpc = await stack.enter_async_context(RpcServer(self.node, port=self._port))
        urls = {"rpc": rpc.url, "websocket": rpc.ws_url}
        for server in self._servers:
            urls |= await stack.enter_async_context(server(self.node))
        self.description = self._describe(urls, [program for program, _ in own_programs])
        if self._automatic:
            self._running = asyncio.create_task(self.node.run())
            stack.push_async_callback(_stop, self._running)

    def _describe(self, urls: dict[str, str], own_programs: list[Pubkey]) -> SolanaLocalnetDescription:
        wallets = self.market.wallets
        files = {} if self._keys_folder is None else write_keypairs(self._keys_folder, dict(wallets))
        programs = {program.name: str(program.address) for program in PROGRAMS}
        programs |= {f"own {index + 1}": str(program) for index, program in enumerate(own_programs)}
        return SolanaLocalnetDescription(
            urls=urls,
            genesis_hash=str(self.node.genesis_hash),
            identity=str(self.node.identity.pubkey()),
            slot_ms=self._options.slot_ms,
            wallets=tuple(_wallet(name, pair, files.get(name)) for name, pair in wallets.items()),
            mints=tuple(
                DescribedMint(symbol=token.symbol, mint=str(token.mint), decimals=token.decimals) for token in TOKENS
            ),
            pools=_pools(),
            tip_accounts=tuple(str(account) for account in TIP_ACCOUNTS),
            lookup_table=str(LOOKUP_TABLE),
            programs=programs,
        )


def _wallet(name: str, pair: Keypair, file: Path | None) -> DescribedWallet:
    accounts = {token.symbol: str(associated_token_address(pair.pubkey(), token.mint)) for token in WALLET_HOLDINGS}
    return DescribedWallet(
        name=name,
        address=str(pair.pubkey()),
        secret_key=str(pair),
        key_file=None if file is None else str(file),
        lamports=str(WALLET_LAMPORTS),
        token_accounts=accounts,
    )


def _pools() -> tuple[DescribedPool, ...]:
    described = [
        DescribedPool(
            venue="raydium_amm_v4",
            name=pool.name,
            pool=str(pool.address),
            base_mint=str(pool.coin.mint),
            quote_mint=str(pool.pc.mint),
            base_vault=str(pool.coin_vault),
            quote_vault=str(pool.pc_vault),
        )
        for pool in AMM_V4_POOLS
    ]
    described += [
        DescribedPool(
            venue="pumpswap",
            name=pool.name,
            pool=str(pool.address),
            base_mint=str(pool.base.mint),
            quote_mint=str(WSOL.mint),
            base_vault=str(pool.vaults[0]),
            quote_vault=str(pool.vaults[1]),
        )
        for pool in PUMPSWAP_POOLS
    ]
    described += [
        DescribedPool(
            venue="pump_curve",
            name=f"{curve.coin.symbol}/{WSOL.symbol}",
            pool=str(curve.address),
            base_mint=str(curve.coin.mint),
            quote_mint=str(WSOL.mint),
            base_vault=str(associated_token_address(curve.address, curve.coin.mint)),
            quote_vault=None,
        )
        for curve in CURVES
    ]
    return tuple(described)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    # What stopped the slots before is told by `wait_until_it_ends`; here they only have to be stopped.
    await asyncio.wait([task])
