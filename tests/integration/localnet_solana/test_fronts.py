"""The whole local chain with every server in front of it, as `tradewind localnet solana` starts it."""

import asyncio

import aiohttp
import grpc
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from tests.fake_clock import FakeClock
from tests.integration.localnet_solana.asking import Asking
from tests.integration.localnet_solana.bundles import SOL, TIP_ACCOUNT, Caller
from tests.integration.localnet_solana.quic_sender import sender
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.protocol import geyser_pb2

ANN = Pubkey.from_string("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T")
PATIENCE_S = 10


def payment(chain: SolanaLocalnet, payer: Keypair, lamports: int, tip_lamports: int) -> bytes:
    calls = [
        transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=amount))
        for to, amount in ((ANN, lamports), (TIP_ACCOUNT, tip_lamports))
    ]
    message = Message.new_with_blockhash(calls, payer.pubkey(), chain.node.latest_blockhash().blockhash)
    return bytes(VersionedTransaction(message, [payer]))


async def balance(chain: SolanaLocalnet, lamports: int) -> None:
    """Return once the account of the tests holds so much."""
    async with asyncio.timeout(PATIENCE_S):
        while (account := chain.node.account(ANN)) is None or account.lamports != lamports:
            await asyncio.sleep(0.001)


async def test_every_lane_reaches_the_one_chain() -> None:
    async with SolanaLocalnet(clock=FakeClock(), automatic=False) as chain, aiohttp.ClientSession() as session:
        urls = chain.description.urls
        assert set(urls) >= {"rpc", "jito", "jito_grpc", "tpu_quic", "yellowstone", "shredstream"}
        payer = next(iter(chain.wallets.values()))

        async with Asking(chain.rpc_url) as asking:
            (told,) = await asking("getClusterNodes")
        assert told["tpuQuic"] == urls["tpu_quic"]
        async with sender(told["tpuQuic"]) as client:
            client.send(payment(chain, payer, SOL, 1_000))
            await balance(chain, SOL)

        bundle = await Caller(session, urls["jito"]).send([payment(chain, payer, SOL, 2_000)])
        await balance(chain, 2 * SOL)
        assert len(bundle) == 64

        async with grpc.aio.insecure_channel(urls["yellowstone"].removeprefix("http://")) as channel:
            ask = channel.unary_unary(
                "/geyser.Geyser/GetSlot",
                request_serializer=geyser_pb2.GetSlotRequest.SerializeToString,
                response_deserializer=geyser_pb2.GetSlotResponse.FromString,
            )
            answer = await ask(geyser_pb2.GetSlotRequest(), timeout=PATIENCE_S)
        assert answer.slot == chain.node.slot
    assert "tpu_quic" not in chain.node.addresses
