"""A local Solana with all its servers, whose slots pass when the test says so, and the lanes towards it."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from tradewind.core import JitoLane, RPCConnectionPool, RpcLane, TpuLane
from tradewind.localnet.solana import SolanaLocalnet

PATIENCE_S = 15
TIP_LAMPORTS = 10_000
# Every payment differs by a lamport, so that no two of them are the same transaction.
_amounts: Iterator[int] = itertools.count(1_000_000)


class PoolLimits(TypedDict, total=False):
    """What a test says of a pool."""

    quorum: int
    failures_to_open: int
    requests_per_second: int
    burst: int


@dataclass(frozen=True)
class Payment:
    """A signed transfer to an account of its own, with a tip."""

    wire: bytes
    signature: str
    receiver: Pubkey
    lamports: int
    last_valid_block_height: int


@dataclass
class Rig:
    """The chain, and what sends to it."""

    chain: SolanaLocalnet
    pool: RPCConnectionPool
    genesis_hash: str = field(init=False)

    def __post_init__(self) -> None:
        self.genesis_hash = self.chain.description.genesis_hash

    @property
    def payer(self) -> Keypair:
        return self.chain.wallets["trader"]

    def payment(self, *, lamports: int | None = None) -> Payment:
        receiver = Keypair().pubkey()
        lamports = next(_amounts) if lamports is None else lamports
        latest = self.chain.node.latest_blockhash()
        tip = Pubkey.from_string(self.chain.description.tip_accounts[0])
        calls = [
            transfer(TransferParams(from_pubkey=self.payer.pubkey(), to_pubkey=to, lamports=amount))
            for to, amount in ((receiver, lamports), (tip, TIP_LAMPORTS))
        ]
        message = MessageV0.try_compile(self.payer.pubkey(), calls, [], latest.blockhash)
        signed = VersionedTransaction(message, [self.payer])
        return Payment(bytes(signed), str(signed.signatures[0]), receiver, lamports, latest.last_valid_block_height)

    def balance(self, key: Pubkey) -> int:
        account = self.chain.node.account(key)
        return 0 if account is None else account.lamports

    async def received(self, payment: Payment) -> None:
        """Return once the receiver has its lamports."""
        async with asyncio.timeout(PATIENCE_S):
            while self.balance(payment.receiver) != payment.lamports:
                await asyncio.sleep(0.001)

    async def lane(self, name: str) -> RpcLane | JitoLane | TpuLane:
        if name == "rpc":
            return RpcLane(self.pool)
        if name == "jito":
            return JitoLane([self.chain.description.urls["jito"]])
        lane = TpuLane(self.pool)
        await lane.start()
        return lane


def pool_of(chain: SolanaLocalnet, *urls: str, **limits: Unpack[PoolLimits]) -> RPCConnectionPool:
    """A pool that is pinned to this chain; without addresses: its one endpoint."""
    return RPCConnectionPool(urls or [chain.rpc_url], genesis_hash=chain.description.genesis_hash, **limits)
