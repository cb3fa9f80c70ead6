"""What a subscriber over WebSocket is told, at which commitment level, and when it is over."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from solders.keypair import Keypair

from tests.integration.localnet_solana.asking import CONFIRMED, PROCESSED, Asking
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap, pay
from tradewind.localnet.solana import SolanaLocalnet


class Listener:
    """A WebSocket connection by hand."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def ask(self, method: str, *params: Any) -> Any:
        await self.socket.send_json({"jsonrpc": "2.0", "id": 3, "method": method, "params": list(params)})
        answer = await self.hear()
        assert answer["id"] == 3
        return answer.get("result", answer.get("error"))

    async def hear(self) -> Any:
        async with asyncio.timeout(10):
            return await self.socket.receive_json()

    async def told(self, method: str, number: int) -> Any:
        """The result of the next notification, which must be this one's."""
        heard = await self.hear()
        assert (heard["method"], heard["params"]["subscription"]) == (method, number)
        return heard["params"]["result"]


@pytest_asyncio.fixture
async def listener(chain: SolanaLocalnet) -> AsyncIterator[Listener]:
    async with aiohttp.ClientSession() as session, session.ws_connect(chain.ws_url) as socket:
        yield Listener(socket)


async def test_a_signature_is_told_once_when_it_has_reached_the_level(
    chain: SolanaLocalnet, rpc: Asking, listener: Listener
) -> None:
    signature = await rpc("requestAirdrop", str(Keypair().pubkey()), 1_000_000)
    number = await listener.ask("signatureSubscribe", signature, CONFIRMED)
    landed = await rpc("getSlot", PROCESSED)
    chain.node.advance(3)
    assert await listener.told("signatureNotification", number) == {
        "context": {"apiVersion": "3.0.0", "slot": landed},
        "value": {"err": None},
    }
    # It is over: it cannot be closed, and the next thing heard is the answer to that.
    assert (await listener.ask("signatureUnsubscribe", number))["message"] == "Invalid subscription id."
    # Whoever subscribes late is told at once.
    late = await listener.ask("signatureSubscribe", signature, CONFIRMED)
    assert (await listener.told("signatureNotification", late))["value"] == {"err": None}


async def test_a_failed_transaction_is_told_with_its_error(
    chain: SolanaLocalnet, rpc: Asking, listener: Listener
) -> None:
    pool, trader = chain.description.pool("raydium_amm_v4", "SOL/USDC"), chain.wallets["trader"]
    wire = await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, 2**63)], trader)
    signature = await rpc.send(wire, skipPreflight=True)
    number = await listener.ask("signatureSubscribe", signature, PROCESSED)
    told = await listener.told("signatureNotification", number)
    assert told["value"] == {"err": {"InstructionError": [0, {"Custom": 30}]}}


async def test_an_account_is_told_at_its_level_and_not_from_a_slot_that_died(
    chain: SolanaLocalnet, rpc: Asking, listener: Listener
) -> None:
    trader, receiver = chain.wallets["trader"], Keypair().pubkey()
    number = await listener.ask("accountSubscribe", str(receiver), CONFIRMED | {"encoding": "base64"})
    await rpc.send(await rpc.signed([pay(trader.pubkey(), receiver, 1_000_000)], trader))
    chain.node.rollback(1)
    await rpc.send(await rpc.signed([pay(trader.pubkey(), receiver, 2_000_000)], trader))
    await rpc.send(await rpc.signed([pay(trader.pubkey(), receiver, 4_000_000)], trader))
    landed = await rpc("getSlot", PROCESSED)
    chain.node.advance(2)
    told = await listener.told("accountNotification", number)
    # Two writes in one slot are told once, as the slot left the account.
    assert (told["context"]["slot"], told["value"]["lamports"]) == (landed, 6_000_000)
    assert told["value"]["data"] == ["", "base64"]
    assert await listener.ask("accountUnsubscribe", number) is True


async def test_a_program_is_told_for_the_accounts_that_pass_its_filters(
    chain: SolanaLocalnet, rpc: Asking, listener: Listener
) -> None:
    pool, trader = chain.description.pool("raydium_amm_v4", "SOL/USDC"), chain.wallets["trader"]
    filters = [{"dataSize": 165}, {"memcmp": {"offset": 32, "bytes": str(trader.pubkey())}}]
    config = PROCESSED | {"encoding": "jsonParsed", "filters": filters}
    number = await listener.ask("programSubscribe", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", config)
    await rpc.send(await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, 1)], trader))
    told = [(await listener.told("programNotification", number))["value"] for _ in range(2)]
    # The pool's vaults changed too, and belong to somebody else.
    owned = chain.description.wallet("trader").token_accounts
    assert {item["pubkey"] for item in told} == {owned["SOL"], owned["USDC"]}
    info = {item["pubkey"]: item["account"]["data"]["parsed"]["info"] for item in told}
    assert info[owned["SOL"]]["tokenAmount"]["amount"] == str(99 * 10**9)


async def test_logs_are_told_for_all_or_for_those_that_name_an_account(
    chain: SolanaLocalnet, rpc: Asking, listener: Listener
) -> None:
    pool, trader = chain.description.pool("raydium_amm_v4", "SOL/USDC"), chain.wallets["trader"]
    number = await listener.ask("logsSubscribe", {"mentions": [pool.pool]}, PROCESSED)
    await rpc.send(await rpc.signed([pay(trader.pubkey(), trader.pubkey(), 1)], trader))
    signature = await rpc.send(await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, 1)], trader))
    told = await listener.told("logsNotification", number)
    assert (told["value"]["signature"], told["value"]["err"]) == (signature, None)
    assert any(line.startswith("Program log: ray_log: ") for line in told["value"]["logs"])


async def test_slots_roots_and_their_steps_are_told_in_order(chain: SolanaLocalnet, listener: Listener) -> None:
    slots = await listener.ask("slotSubscribe")
    roots = await listener.ask("rootSubscribe")
    steps = await listener.ask("slotsUpdatesSubscribe")
    now = chain.node.slot
    chain.node.advance()
    heard: dict[int, list[Any]] = {slots: [], roots: [], steps: []}
    for _ in range(8):
        message = (await listener.hear())["params"]
        heard[message["subscription"]].append(message["result"])
    assert heard[slots] == [{"slot": now + 1, "parent": now, "root": now - 3}]
    assert heard[roots] == [now - 3]
    assert [(step["type"], step["slot"]) for step in heard[steps]] == [
        ("completed", now),
        ("frozen", now),
        ("firstShredReceived", now + 1),
        ("createdBank", now + 1),
        ("optimisticConfirmation", now),
        ("root", now - 3),
    ]
    chain.node.rollback(1)
    told = [await listener.hear() for _ in range(2)]
    assert told[0]["params"]["result"]["type"] == "dead"


async def test_a_hidden_signature_is_not_told(chain: SolanaLocalnet, rpc: Asking, listener: Listener) -> None:
    await rpc("tradewind_setFaults", {"hide_status_share": 1.0})
    signature = await rpc("requestAirdrop", str(Keypair().pubkey()), 1_000_000)
    await listener.ask("signatureSubscribe", signature, PROCESSED)
    slots = await listener.ask("slotSubscribe")
    chain.node.advance()
    await listener.told("slotNotification", slots)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("accountSubscribe", [], -32602),
        ("accountSubscribe", ["not a key"], -32602),
        ("accountSubscribe", ["1" * 32, {"commitment": "certain"}], -32602),
        ("logsSubscribe", ["some"], -32602),
        ("logsSubscribe", [{"mentions": []}], -32602),
        ("voteSubscribe", [], -32601),
        ("slotUnsubscribe", [99_999_999], -32602),
        ("slotUnsubscribe", ["1"], -32602),
    ],
)
async def test_a_wrong_subscription_is_refused_and_the_connection_goes_on(
    listener: Listener, method: str, params: list[Any], code: int
) -> None:
    assert (await listener.ask(method, *params))["code"] == code
    await listener.socket.send_str("{")
    assert (await listener.hear())["error"]["code"] == -32700
    # What is not about subscriptions is answered here too.
    assert await listener.ask("getHealth") == "ok"


async def test_subscriptions_end_with_the_chain(chain: SolanaLocalnet, listener: Listener) -> None:
    await listener.ask("slotSubscribe")
    closing = asyncio.create_task(chain.__aexit__())
    async with asyncio.timeout(10):
        message = await listener.socket.receive()
        await closing
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)
