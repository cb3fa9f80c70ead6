"""The Yellowstone server's filters, limits and refusals, through a plain gRPC channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

from tests.integration.localnet_solana.bundles import SOL, SYSTEM, Desk, signature_of
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.server import ServedGeyser, serve_geyser
from tradewind.localnet.solana.protocol import geyser_pb2 as geyser

ANN = Pubkey.from_string("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T")
BOB = Pubkey.from_string("8szGkuLTAux9XMgZ2vtY39jVSowEcpBfFfD8hXSEqdGC")
PROGRAM, OTHER = (Pubkey.from_bytes(bytes([number]) * 32) for number in (5, 6))
PATIENCE_S = 10
PONG = geyser.SubscribeRequest(ping=geyser.SubscribeRequestPing(id=9))

Accounts = geyser.SubscribeRequestFilterAccounts
Condition = geyser.SubscribeRequestFilterAccountsFilter
Memcmp = geyser.SubscribeRequestFilterAccountsFilterMemcmp
Lamports = geyser.SubscribeRequestFilterAccountsFilterLamports
Transactions = geyser.SubscribeRequestFilterTransactions
Slots = geyser.SubscribeRequestFilterSlots
Slice = geyser.SubscribeRequestAccountsDataSlice


class Stream:
    """An open subscription."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def ask(self, **request: Any) -> None:
        """Send a request, and return once the server has taken it."""
        await self.call.write(geyser.SubscribeRequest(**request))
        await self.call.write(PONG)
        while (await self.read()).WhichOneof("update_oneof") != "pong":
            pass

    async def read(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await self.call.read()

    async def until_pong(self) -> list[Any]:
        """Everything that was told before the answer to a ping."""
        await self.call.write(PONG)
        updates = []
        while (update := await self.read()).WhichOneof("update_oneof") != "pong":
            updates.append(update)
        return updates


class Setting:
    """A desk, its server, and a channel to it."""

    def __init__(self, desk: Desk, server: ServedGeyser, channel: Any) -> None:
        self.desk = desk
        self.server = server
        self.channel = channel

    async def stream(self, *, metadata: Any = None) -> Stream:
        open_stream = self.channel.stream_stream(
            "/geyser.Geyser/Subscribe",
            request_serializer=geyser.SubscribeRequest.SerializeToString,
            response_deserializer=geyser.SubscribeUpdate.FromString,
        )
        return Stream(open_stream(metadata=metadata, timeout=30))

    async def told(self, stream: Stream) -> list[Any]:
        """What the stream was told of everything that has happened so far."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.server.service.hub._events._queue.empty():
                await asyncio.sleep(0)
        return await stream.until_pong()


@asynccontextmanager
async def setting(**options: Any) -> AsyncIterator[Setting]:
    desk = Desk()
    chosen = GeyserOptions(**({"clock": desk.clock, "ping_every_s": None} | options))
    async with await serve_geyser(desk.node, chosen) as server:
        assert isinstance(server, ServedGeyser)
        async with grpc.aio.insecure_channel(server.url.removeprefix("http://")) as channel:
            yield Setting(desk, server, channel)
    desk.node.close()


def memcmp(offset: int, **data: Any) -> Condition:
    return Condition(memcmp=Memcmp(offset=offset, **data))


@pytest.mark.parametrize(
    ("asked", "passing"),
    [
        (Accounts(), {"a", "b", "c"}),
        (Accounts(account=[str(ANN)]), {"a"}),
        (Accounts(account=[str(ANN), str(BOB)]), {"a", "b"}),
        (Accounts(owner=[str(PROGRAM)]), {"a", "b"}),
        (Accounts(account=[str(ANN)], owner=[str(OTHER)]), set()),
        (Accounts(filters=[Condition(datasize=8)]), {"a", "c"}),
        (Accounts(filters=[memcmp(1, bytes=b"bc")]), {"a", "b"}),
        (Accounts(filters=[memcmp(0, base64="YWI=")]), {"a", "b"}),
        (Accounts(filters=[memcmp(0, base58="8Qq")]), {"a", "b"}),
        (Accounts(filters=[memcmp(7, bytes=b"xy")]), set()),
        (Accounts(filters=[Condition(datasize=8), memcmp(1, bytes=b"bc")]), {"a"}),
        (Accounts(filters=[Condition(lamports=Lamports(gt=20))]), {"c"}),
        (Accounts(filters=[Condition(lamports=Lamports(lt=20))]), {"a"}),
        (Accounts(filters=[Condition(lamports=Lamports(eq=20))]), {"b"}),
        (Accounts(filters=[Condition(lamports=Lamports(ne=20))]), {"a", "c"}),
        (Accounts(filters=[Condition(token_account_state=True)]), set()),
        (Accounts(filters=[Condition(token_account_state=False)]), {"a", "b", "c"}),
        (Accounts(nonempty_txn_signature=True), set()),
        (Accounts(nonempty_txn_signature=False), {"a", "b", "c"}),
    ],
)
async def test_accounts_are_chosen_by_key_owner_and_content(asked: Accounts, passing: set[str]) -> None:
    async with setting() as s:
        stream = await s.stream()
        await stream.ask(accounts={"mine": asked})
        third = Pubkey.from_bytes(bytes([9]) * 32)
        s.desk.node.set_account(ANN, Account(10, b"abcdefgh", PROGRAM))
        s.desk.node.set_account(BOB, Account(20, b"abcd", PROGRAM))
        s.desk.node.set_account(third, Account(30, b"--------", OTHER))
        names = {bytes(ANN): "a", bytes(BOB): "b", bytes(third): "c"}
        assert {names[update.account.account.pubkey] for update in await s.told(stream)} == passing


async def test_a_token_account_is_one_of_165_bytes_that_is_initialised() -> None:
    async with setting() as s:
        stream = await s.stream()
        await stream.ask(accounts={"mine": Accounts(filters=[Condition(token_account_state=True)])})
        for key, state in ((ANN, 0), (BOB, 1)):
            s.desk.node.set_account(key, Account(1, bytes(108) + bytes([state]) + bytes(56), PROGRAM))
        assert [update.account.account.pubkey for update in await s.told(stream)] == [bytes(BOB)]


async def test_an_update_names_every_filter_that_it_passed() -> None:
    async with setting() as s:
        stream = await s.stream()
        await stream.ask(
            accounts={"one": Accounts(), "two": Accounts(account=[str(ANN)]), "no": Accounts(owner=[str(ANN)])}
        )
        s.desk.node.set_account(ANN, Account(1, b"", SYSTEM))
        (update,) = await s.told(stream)
        assert sorted(update.filters) == ["one", "two"]
        assert update.created_at.seconds == s.desk.clock.now_ns() // 10**9


@pytest.mark.parametrize(
    ("asked", "passing"),
    [
        (Transactions(), ["good", "bad"]),
        (Transactions(vote=False), ["good", "bad"]),
        (Transactions(vote=True), []),
        (Transactions(failed=False), ["good"]),
        (Transactions(failed=True), ["bad"]),
        (Transactions(account_include=[str(ANN), str(OTHER)]), ["good"]),
        (Transactions(account_exclude=[str(ANN)]), ["bad"]),
        (Transactions(account_required=[str(BOB), str(SYSTEM)]), ["bad"]),
        (Transactions(account_required=[str(ANN), str(BOB)]), []),
        (Transactions(account_include=[str(SYSTEM)], account_exclude=[str(BOB)]), ["good"]),
    ],
)
async def test_transactions_are_chosen_by_outcome_and_accounts(asked: Transactions, passing: list[str]) -> None:
    async with setting() as s:
        stream = await s.stream()
        await stream.ask(transactions={"mine": asked}, transactions_status={"status": asked})
        wires = {"good": s.desk.wire(s.desk.pay(ANN, SOL)), "bad": s.desk.wire(s.desk.pay(BOB, 1_000 * SOL))}
        for wire in wires.values():
            s.desk.node.submit(wire, lane="rpc")
        names = {signature_of(wire): name for name, wire in wires.items()}
        updates = await s.told(stream)
    whole = [update.transaction for update in updates if update.HasField("transaction")]
    mere = [update.transaction_status for update in updates if update.HasField("transaction_status")]
    assert [names[str_of(one.transaction.signature)] for one in whole] == passing
    assert [names[str_of(one.signature)] for one in mere] == passing
    assert [one.HasField("err") for one in mere] == [name == "bad" for name in passing]


async def test_a_transaction_is_chosen_by_its_signature() -> None:
    async with setting() as s:
        stream = await s.stream()
        wires = [s.desk.wire(s.desk.pay(ANN, SOL)) for _ in range(3)]
        await stream.ask(transactions={"mine": Transactions(signature=signature_of(wires[1]))})
        for wire in wires:
            s.desk.node.submit(wire, lane="rpc")
        (update,) = await s.told(stream)
        assert (update.transaction.transaction.index, update.transaction.slot) == (1, s.desk.node.slot)


async def test_slots_are_told_with_all_their_statuses_only_when_asked() -> None:
    async with setting() as s:
        plain, between, own = [await s.stream() for _ in range(3)]
        await plain.ask(slots={"s": Slots()})
        await between.ask(slots={"s": Slots(interslot_updates=True)})
        await own.ask(slots={"s": Slots(filter_by_commitment=True)}, commitment=geyser.FINALIZED)
        s.desk.node.advance(6)
        slot = s.desk.node.slot
        statuses = [
            [update.slot.status for update in await s.told(stream) if update.slot.slot == slot - 5]
            for stream in (plain, between, own)
        ]
    assert statuses[0] == [geyser.SLOT_PROCESSED, geyser.SLOT_CONFIRMED, geyser.SLOT_FINALIZED]
    assert statuses[1] == [
        geyser.SLOT_FIRST_SHRED_RECEIVED,
        geyser.SLOT_CREATED_BANK,
        geyser.SLOT_COMPLETED,
        geyser.SLOT_PROCESSED,
        geyser.SLOT_CONFIRMED,
        geyser.SLOT_FINALIZED,
    ]
    assert statuses[2] == [geyser.SLOT_FINALIZED]


async def test_a_slot_that_a_fork_left_is_dead_and_its_contents_never_get_confirmed() -> None:
    async with setting() as s:
        stream, firm = await s.stream(), await s.stream()
        await stream.ask(slots={"s": Slots(interslot_updates=True)})
        await firm.ask(accounts={"ann": Accounts(account=[str(ANN)])}, commitment=geyser.CONFIRMED)
        s.desk.node.submit(s.desk.wire(s.desk.pay(ANN, SOL)), lane="rpc")
        slot = s.desk.node.slot
        s.desk.node.rollback(1)
        s.desk.node.advance(8)
        dead = [update.slot for update in await s.told(stream) if update.slot.status == geyser.SLOT_DEAD]
        assert [(one.slot, bool(one.dead_error)) for one in dead] == [(slot, True)]
        assert await s.told(firm) == []


async def test_closing_ones_own_side_leaves_the_stream_open() -> None:
    async with setting() as s:
        stream = await s.stream()
        await stream.ask(slots={"s": Slots()})
        await stream.call.done_writing()
        s.desk.node.advance()
        assert (await stream.read()).slot.status == geyser.SLOT_PROCESSED


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({"accounts": {"x": Accounts(account=["0OIl"])}}, "accounts.x.account: invalid pubkey '0OIl'"),
        ({"accounts": {"x": Accounts(owner=["A" * 200])}}, "accounts.x.owner: invalid pubkey"),
        ({"accounts": {"x": Accounts(account=[str(ANN)] * 1_001)}}, "at most 1000"),
        ({"accounts": {"x": Accounts(filters=[Condition()])}}, "accounts.x.filters[0] is empty"),
        ({"accounts": {"x": Accounts(filters=[memcmp(0)])}}, "has no data"),
        ({"accounts": {"x": Accounts(filters=[memcmp(0, base58="0")])}}, "is not base58"),
        ({"accounts": {"x": Accounts(filters=[memcmp(0, base64="!")])}}, "is not base64"),
        ({"accounts": {"x": Accounts(filters=[memcmp(0, bytes=bytes(129))])}}, "at most 128"),
        ({"accounts": {"x": Accounts(filters=[memcmp(0, base58="1" * 1_000)])}}, "more than 128 bytes"),
        ({"accounts": {"x": Accounts(filters=[Condition(lamports=Lamports())])}}, "lamports is empty"),
        ({"accounts": {"x": Accounts(filters=[Condition(datasize=1)] * 5)}}, "at most 4"),
        ({"accounts": {"x": Accounts(cuckoo_accounts_filter=geyser.CuckooFilter())}}, "cuckoo"),
        ({"transactions": {"x": Transactions(signature="zz")}}, "invalid signature"),
        ({"transactions": {"x": Transactions(account_required=["z"])}}, "transactions.x.account_required"),
        ({"slots": {str(number): Slots() for number in range(33)}}, "at most 32"),
        ({"slots": {"n" * 129: Slots()}}, "longer than 128 bytes"),
        ({"commitment": 7}, "commitment 7"),
        ({"accounts_data_slice": [Slice(offset=4, length=1), Slice(offset=0, length=1)]}, "out of order"),
        ({"accounts_data_slice": [Slice(offset=0, length=4), Slice(offset=3, length=1)]}, "overlapped"),
        ({"accounts_data_slice": [Slice(offset=0, length=0)] * 17}, "at most 16"),
    ],
)
async def test_a_filter_that_cannot_be_used_ends_the_stream_with_its_fault(request_: Any, fault: str) -> None:
    async with setting() as s:
        stream = await s.stream()
        await stream.call.write(geyser.SubscribeRequest(**request_))
        status, message = await ended(stream)
    assert status == grpc.StatusCode.INVALID_ARGUMENT
    assert message.startswith("failed to create filter: ")
    assert fault in message


async def ended(stream: Stream) -> tuple[Any, str]:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await stream.read()
    return failure.value.code(), str(failure.value.details())


async def test_from_slot_is_refused_as_yellowstone_without_replay_refuses_it() -> None:
    async with setting() as s:
        stream = await s.stream()
        await stream.call.write(geyser.SubscribeRequest(from_slot=1))
        assert await ended(stream) == (grpc.StatusCode.INTERNAL, "from_slot is not supported")


async def test_a_subscriber_that_falls_behind_is_dropped_with_its_reason() -> None:
    async with setting(max_queued_updates=3) as s:
        stream = await s.stream()
        await stream.ask(slots={"s": Slots(interslot_updates=True)})
        s.desk.node.advance(3)
        status, message = await ended(stream)
        assert status == grpc.StatusCode.INTERNAL
        assert message.startswith("lagged to send an update")
        assert s.server.service.hub.subscribers == []


async def test_one_subscriber_too_many_is_refused() -> None:
    async with setting(max_subscribers=1) as s:
        await (await s.stream()).ask(slots={})
        assert (await ended(await s.stream()))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_without_its_token_no_method_answers() -> None:
    async with setting(tokens=frozenset({"secret"})) as s:
        assert await ended(await s.stream()) == (grpc.StatusCode.UNAUTHENTICATED, "No valid auth token")
        assert (await ended(await s.stream(metadata=(("x-token", "guess"),))))[0] == grpc.StatusCode.UNAUTHENTICATED
        await (await s.stream(metadata=(("x-token", "secret"),))).ask(slots={})


async def test_a_blockhash_that_is_none_is_refused() -> None:
    async with setting() as s:
        ask = s.channel.unary_unary(
            "/geyser.Geyser/IsBlockhashValid",
            request_serializer=geyser.IsBlockhashValidRequest.SerializeToString,
            response_deserializer=geyser.IsBlockhashValidResponse.FromString,
        )
        known = str(s.desk.node.latest_blockhash().blockhash)
        beyond: Any = 5
        for bad in (
            geyser.IsBlockhashValidRequest(blockhash="l0l"),
            geyser.IsBlockhashValidRequest(blockhash=""),
            geyser.IsBlockhashValidRequest(blockhash=known, commitment=beyond),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as failure:
                await ask(bad, timeout=PATIENCE_S)
            assert failure.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_bytes_that_are_no_message_are_refused() -> None:
    async with setting() as s:
        ask = s.channel.unary_unary("/geyser.Geyser/Ping", request_serializer=bytes, response_deserializer=bytes)
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(b"\xff\xff\xff", timeout=PATIENCE_S)
        assert await ask(b"\x08\x03", timeout=PATIENCE_S) == b"\x08\x03"


async def test_a_port_that_is_taken_is_named() -> None:
    async with setting() as s:
        port = int(s.server.url.rpartition(":")[2])
        with pytest.raises(LocalnetError, match=str(port)) as refusal:
            await serve_geyser(s.desk.node, GeyserOptions(port=port))
        assert refusal.value.code == "port_in_use"


def str_of(signature: bytes) -> str:
    return str(Signature.from_bytes(signature))
