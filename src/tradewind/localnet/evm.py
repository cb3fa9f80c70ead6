"""A local EVM chain that looks like Arbitrum One: real contracts at their real addresses, a market, a funded trader."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from tradewind.localnet.abi import decode_words, encode_call, signed
from tradewind.localnet.addresses import (
    CHAIN_ID,
    MARKET_MAKER,
    SWAP_ROUTER_02,
    UNISWAP_V3_FACTORY,
    WETH,
    token_at,
)
from tradewind.localnet.anvil import HOST, Anvil
from tradewind.localnet.artifacts import Artifacts
from tradewind.localnet.base_fee import ARBITRUM_BASE_FEE_WEI, BaseFeeKeeper
from tradewind.localnet.deployment import deploy_contracts
from tradewind.localnet.description import describe
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.funding import open_market
from tradewind.localnet.market import POOLS
from tradewind.localnet.packages import ANVIL, Progress
from tradewind.localnet.quoter import Quoter
from tradewind.localnet.rpc import JsonRpc
from tradewind.localnet.transactions import Receipt, transaction, wait_for_success

SWAP_GAS = 100_000_000
SWAP_TOPIC = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"


@dataclass(frozen=True, slots=True)
class MarketSwap:
    """A swap that the market maker made: what it paid and got, in base units."""

    transaction_hash: str
    block_number: int
    amount_in_raw: int
    amount_out_raw: int


class EvmLocalnet:
    """`async with EvmLocalnet() as chain:` starts anvil with everything deployed, and stops it at the end.

    `port` 0 takes a free one. Blocks come with each transaction, or every `block_time_s`. Raises MissingTool or
    LocalnetError when it cannot start. The chain dies with the thread that started it. `progress` hears of a slow
    first start (installing, compiling) from a worker thread.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        block_time_s: Decimal | None = None,
        base_fee_wei: int = ARBITRUM_BASE_FEE_WEI,
        progress: Progress = lambda _: None,
    ) -> None:
        self._port = port
        self._block_time_s = block_time_s
        self._base_fee_wei = base_fee_wei
        self._progress = progress
        self._stack = AsyncExitStack()
        self._anvil: Anvil
        self._keeper: BaseFeeKeeper
        self.rpc: JsonRpc
        self.quoter: Quoter
        self.pools = POOLS
        self.chain_id = CHAIN_ID

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        artifacts = await asyncio.to_thread(Artifacts.load, self._progress)
        self._anvil = await Anvil.start(
            artifacts.packages / ANVIL,
            port=self._port,
            chain_id=CHAIN_ID,
            base_fee_wei=self._base_fee_wei,
            block_time_s=self._block_time_s,
        )
        stack.push_async_callback(self._anvil.stop)
        self.rpc = JsonRpc(self.rpc_url)
        stack.push_async_callback(self.rpc.close)
        self.quoter = Quoter(self.rpc)
        await self.rpc.call("anvil_setLoggingEnabled", False)
        await deploy_contracts(self.rpc, artifacts)
        await open_market(self.rpc)
        await self._check_pools()
        if self._block_time_s is None:
            await self.set_automine(on=True)
        self._keeper = BaseFeeKeeper(self.rpc, self._base_fee_wei)
        stack.push_async_callback(self._keeper.stop)
        await self._keeper.start()

    # Where it is

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._anvil.port

    @property
    def pid(self) -> int:
        """The process id of anvil."""
        return self._anvil.pid

    @property
    def rpc_url(self) -> str:
        """JSON-RPC over HTTP."""
        return f"http://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """JSON-RPC over WebSocket, on the same port."""
        return f"ws://{HOST}:{self.port}"

    async def wait_until_it_ends(self) -> int:
        """Anvil's exit code, once the process ends by itself."""
        return await self._anvil.wait()

    # What stands on it

    async def balance_of(self, token: str, who: str) -> int:
        """An account's balance of a token, in base units."""
        return await self._read(token, "balanceOf(address)", who)

    async def allowance(self, token: str, owner: str, spender: str) -> int:
        """What `spender` may take of `owner`'s tokens, in base units."""
        return await self._read(token, "allowance(address,address)", owner, spender)

    async def eth_balance(self, who: str) -> int:
        """An account's ETH, in wei."""
        return int(await self.rpc.call("eth_getBalance", who, "latest"), 16)

    async def describe(self, url: str | None = None) -> str:
        """What a person wants to see when the chain is ready: addresses, wallet, pools with price and liquidity.

        `url`: where to connect, when that is not the node itself.
        """
        return await describe(self.rpc, self.pools, url=url or self.rpc_url)

    # Time and blocks

    async def block_number(self) -> int:
        """The latest block's number."""
        return int(await self.rpc.call("eth_blockNumber"), 16)

    async def timestamp_s(self) -> int:
        """The latest block's timestamp, in seconds."""
        block = await self.rpc.call("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)

    async def set_next_timestamp(self, timestamp_s: int) -> None:
        """The next block's timestamp; RpcError when it lies before the latest block's."""
        await self.rpc.call("evm_setNextBlockTimestamp", timestamp_s)

    async def mine(self, blocks: int = 1) -> None:
        """Mine blocks now; the first takes what is pending."""
        await self.rpc.call("anvil_mine", hex(blocks))

    async def set_automine(self, on: bool) -> None:
        """Whether each transaction brings its own block."""
        await self.rpc.call("evm_setAutomine", on)

    async def set_base_fee(self, base_fee_wei: int) -> None:
        """Hold another base fee from the next block on."""
        await self._keeper.hold(base_fee_wei)

    async def snapshot(self) -> str:
        """Remember the whole state; the id is good for one `revert`."""
        return str(await self.rpc.call("evm_snapshot"))

    async def revert(self, snapshot: str) -> None:
        """Go back to a snapshot, which this uses up; LocalnetError when it was used before."""
        if not await self.rpc.call("evm_revert", snapshot):
            raise LocalnetError("snapshot_unknown", f"Snapshot {snapshot} does not exist or was used before.")
        await self._keeper.hold_again()

    async def reorg(self, depth: int, transactions: Sequence[tuple[str, int]] = ()) -> None:
        """Replace the last `depth` blocks by other ones: empty, but for `(raw transaction, block offset)` pairs.

        The transactions of the replaced blocks are gone; nobody sends them again.
        """
        await self.rpc.call("anvil_reorg", depth, [list(pair) for pair in transactions])

    # Money and prices

    async def fund(self, who: str, token: str, amount_raw: int) -> None:
        """Add to an account's balance without a transaction: the total supply grows, and WETH stays backed by ETH.

        LocalnetError for a token that is not one of the chain's own.
        """
        known = token_at(token)
        balance = await self.balance_of(token, who)
        supply = await self._read(token, "totalSupply()")
        await self.rpc.call("anvil_dealERC20", who, token, hex(balance + amount_raw))
        slot = f"0x{known.supply_slot:064x}"
        await self.rpc.call("anvil_setStorageAt", token, slot, f"0x{supply + amount_raw:064x}")
        if known is WETH:
            await self.fund_eth(WETH.address, amount_raw)

    async def fund_eth(self, who: str, amount_wei: int) -> None:
        """Add to an account's ETH."""
        await self.rpc.call("anvil_setBalance", who, hex(await self.eth_balance(who) + amount_wei))

    async def swap_as_market(self, token_in: str, token_out: str, fee_pips: int, amount_in_raw: int) -> MarketSwap:
        """Let the market maker swap, which moves the pool's price; returns once it is mined.

        When blocks do not come by themselves, one is mined, with everything that is pending. A pool that runs empty
        takes only a part of the amount, which the answer tells. LocalnetError when the swap reverts.
        """
        signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
        data = encode_call(signature, token_in, token_out, fee_pips, MARKET_MAKER, amount_in_raw, 0, 0)
        fields = transaction(MARKET_MAKER, SWAP_ROUTER_02, data, gas=SWAP_GAS)
        sent = await self.rpc.call("eth_sendTransaction", fields)
        if self._block_time_s is None and not await self.rpc.call("anvil_getAutomine"):
            await self.mine()
        (receipt,) = await wait_for_success(self.rpc, [fields], [sent])
        return _market_swap(receipt)

    async def _read(self, to: str, signature: str, *arguments: int | str) -> int:
        return decode_words(await self.rpc.eth_call(to, encode_call(signature, *arguments)))[0]

    async def _check_pools(self) -> None:
        for pool in self.pools:
            tokens = (pool.base.address, pool.quote.address)
            found = await self._read(UNISWAP_V3_FACTORY, "getPool(address,address,uint24)", *tokens, pool.fee_pips)
            if found != int(pool.address, 16):
                raise LocalnetError(
                    "deployment_failed", f"The factory has {found:#042x} where pool {pool.address} should be."
                )


def _market_swap(receipt: Receipt) -> MarketSwap:
    (log,) = [log for log in receipt["logs"] if log["topics"][0] == SWAP_TOPIC]
    amounts = [signed(word) for word in decode_words(bytes.fromhex(log["data"][2:]))[:2]]
    # Signed from the pool's side: what it received is positive.
    return MarketSwap(receipt["transactionHash"], int(receipt["blockNumber"], 16), max(amounts), -min(amounts))
