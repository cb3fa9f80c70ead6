"""The Yellowstone server, driven by the official npm client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tests.integration.localnet_solana.bundles import SOL, SYSTEM, Desk
from tests.integration.localnet_solana.yellowstone_client import YellowstoneClient, yellowstone_client
from tradewind.domain.base58 import base58
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.server import serve_geyser

ANN = Pubkey.from_string("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T")
PROGRAM = Pubkey.from_bytes(bytes([5]) * 32)
PROCESSED, CONFIRMED, FINALIZED = 0, 1, 2
CREATED_BANK, COMPLETED, FIRST_SHRED = 5, 4, 3


@asynccontextmanager
async def served(token: str = "", **options: Any) -> AsyncIterator[tuple[Desk, YellowstoneClient]]:
    desk = Desk()
    chosen = GeyserOptions(**({"clock": desk.clock, "ping_every_s": None} | options))
    async with await serve_geyser(desk.node, chosen) as server, yellowstone_client(server.url, token) as client:
        yield desk, client
    desk.node.close()


async def pinged(client: YellowstoneClient) -> None:
    """Return once the server has taken every request before; what came before the pong is kept."""
    await client.write(ping={"id": 1})
    held = []
    while "pong" not in (update := await client.update()) or update["pong"] is None:
        held.append(update)
    client._updates = held + client._updates


def kind_of(update: Any) -> str:
    kinds = ("account", "slot", "transaction", "transactionStatus", "block", "blockMeta", "entry", "ping", "pong")
    return next(kind for kind in kinds if update.get(kind) is not None)


async def test_the_single_questions_are_answered() -> None:
    async with served() as (desk, client):
        desk.node.advance(10)
        assert (await client.call("ping", 3))["count"] == 3
        for level, name in ((PROCESSED, "processed"), (CONFIRMED, "confirmed"), (FINALIZED, "finalized")):
            slot = desk.node.slot_at(name)  # type: ignore[arg-type]
            assert await client.call("getSlot", level) == {"slot": str(slot.number)}
            assert await client.call("getBlockHeight", level) == {"blockHeight": str(slot.height)}
            latest = desk.node.latest_blockhash(name)  # type: ignore[arg-type]
            assert await client.call("getLatestBlockhash", level) == {
                "slot": str(latest.slot),
                "blockhash": str(latest.blockhash),
                "lastValidBlockHeight": str(latest.last_valid_block_height),
            }
        known = str(desk.node.latest_blockhash().blockhash)
        assert (await client.call("isBlockhashValid", known))["valid"] is True
        assert (await client.call("isBlockhashValid", str(PROGRAM)))["valid"] is False
        assert "version" in json.loads((await client.call("getVersion"))["version"])


async def test_the_stream_opens_before_anything_has_happened() -> None:
    async with served() as (desk, client):
        await client.subscribe(slots={"mine": {}})
        await pinged(client)
        desk.node.advance()
        first = await client.update()
        assert (kind_of(first), first["filters"], first["slot"]["status"]) == ("slot", ["mine"], PROCESSED)
        assert first["slot"]["slot"] == str(desk.node.slot - 1)
        assert first["slot"]["parent"] == str(desk.node.slot - 2)


async def test_an_account_update_carries_its_place_and_its_transaction() -> None:
    async with served() as (desk, client):
        await client.subscribe(accounts={"ann": {"account": [str(ANN)], "owner": [], "filters": []}})
        await pinged(client)
        wire = desk.wire(desk.pay(ANN, SOL))
        desk.node.submit(wire, lane="rpc")
        update = await client.update()
    account = update["account"]["account"]
    assert update["filters"] == ["ann"]
    assert (account["pubkey"], account["owner"]) == (bytes(ANN).hex(), bytes(SYSTEM).hex())
    assert (account["lamports"], account["data"], account["executable"]) == (str(SOL), "", False)
    assert account["txnSignature"] == bytes(VersionedTransaction.from_bytes(wire).signatures[0]).hex()
    assert update["account"]["slot"] == str(desk.node.slot)
    assert update["account"]["isStartup"] is False


async def test_a_transaction_decodes_to_what_json_rpc_would_say() -> None:
    async with served() as (desk, client):
        await client.subscribe(
            transactions={"all": {"accountInclude": [], "accountExclude": [], "accountRequired": []}}
        )
        await pinged(client)
        wire = desk.wire(desk.pay(ANN, SOL))
        before = desk.balance(desk.payer.pubkey())
        done = desk.node.submit(wire, lane="rpc")
        update = await client.update()
    encoded = update["encoded"]
    transaction = VersionedTransaction.from_bytes(wire)
    message = transaction.message
    assert encoded["transaction"]["signatures"] == [str(transaction.signatures[0])]
    assert encoded["transaction"]["message"] == {
        "header": {"numRequiredSignatures": 1, "numReadonlySignedAccounts": 0, "numReadonlyUnsignedAccounts": 2},
        "accountKeys": [str(key) for key in message.account_keys],
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programIdIndex": call.program_id_index,
                "accounts": list(call.accounts),
                "data": base58(bytes(call.data)),
                "stackHeight": 1,
            }
            for call in message.instructions
        ],
    }
    assert encoded["meta"]["err"] is None
    assert encoded["meta"]["fee"] == 5_000
    assert encoded["meta"]["preBalances"][0] == before
    assert encoded["meta"]["postBalances"][0] == before - SOL - 5_000
    assert done.meta is not None
    assert encoded["meta"]["logMessages"] == list(done.meta.log_messages)
    assert encoded["meta"]["computeUnitsConsumed"] == done.meta.compute_units_consumed


async def test_the_error_of_a_transaction_decodes_to_its_name() -> None:
    async with served() as (desk, client):
        await client.subscribe(
            transactionsStatus={
                "bad": {"failed": True, "accountInclude": [], "accountExclude": [], "accountRequired": []}
            }
        )
        await pinged(client)
        desk.node.submit(desk.wire(desk.pay(ANN, SOL)), lane="rpc")
        wire = desk.wire(desk.pay(ANN, 1_000 * SOL))
        desk.node.submit(wire, lane="rpc")
        update = await client.update()
    assert update["transactionStatus"]["signature"] == bytes(VersionedTransaction.from_bytes(wire).signatures[0]).hex()
    # Custom 1 of the system program: insufficient lamports, in instruction 1 after the compute budget.
    assert update["decodedErr"] == {"InstructionError": [1, {"Custom": 1}]}


async def test_each_request_replaces_the_filters_of_the_one_before() -> None:
    async with served() as (desk, client):
        await client.subscribe(slots={"slots": {}})
        await pinged(client)
        await client.write(blocksMeta={"metas": {}})
        await pinged(client)
        desk.node.advance(2)
        updates = [await client.update() for _ in range(2)]
    assert [kind_of(update) for update in updates] == ["blockMeta", "blockMeta"]


async def test_a_ping_is_answered_and_changes_no_filter() -> None:
    async with served() as (desk, client):
        await client.subscribe(slots={"slots": {}})
        await client.write(ping={"id": 42})
        update = await client.update()
        assert (kind_of(update), update["pong"]["id"]) == ("pong", 42)
        desk.node.advance()
        assert kind_of(await client.update()) == "slot"


async def test_the_server_pings_now_and_then() -> None:
    async with served(ping_every_s=15.0) as (desk, client):
        await client.subscribe(slots={})
        await pinged(client)
        await desk.clock.until_asleep()
        await desk.clock.advance(15)
        assert kind_of(await client.update()) == "ping"


async def test_a_block_and_its_meta_tell_what_the_slot_held() -> None:
    async with served() as (desk, client):
        await client.subscribe(
            blocksMeta={"meta": {}},
            blocks={"whole": {"accountInclude": [], "includeAccounts": True, "includeEntries": True}},
            entry={"entries": {}},
        )
        await pinged(client)
        wire = desk.wire(desk.pay(ANN, SOL))
        desk.node.submit(wire, lane="rpc")
        done = desk.node.chain.current
        desk.node.advance()
        filled, tick, block, meta = [await client.update() for _ in range(4)]
    assert [kind_of(one) for one in (filled, tick, block, meta)] == ["entry", "entry", "block", "blockMeta"]
    assert (filled["entry"]["index"], filled["entry"]["executedTransactionCount"]) == ("0", "1")
    assert (tick["entry"]["index"], tick["entry"]["startingTransactionIndex"]) == ("1", "1")
    assert tick["entry"]["hash"] == bytes(done.blockhash).hex()
    assert meta["blockMeta"]["blockhash"] == str(done.blockhash) == block["block"]["blockhash"]
    assert meta["blockMeta"]["parentBlockhash"] == str(done.previous_blockhash)
    assert meta["blockMeta"]["blockHeight"] == {"blockHeight": str(done.height)}
    assert meta["blockMeta"]["blockTime"] == {"timestamp": str(done.unix_timestamp_s)}
    assert (meta["blockMeta"]["executedTransactionCount"], meta["blockMeta"]["entriesCount"]) == ("1", "2")
    assert [one["signature"] for one in block["block"]["transactions"]] == [
        bytes(VersionedTransaction.from_bytes(wire).signatures[0]).hex()
    ]
    assert {one["pubkey"] for one in block["block"]["accounts"]} >= {bytes(ANN).hex()}
    assert len(block["block"]["entries"]) == 2


async def test_at_a_firmer_commitment_a_slot_is_told_when_it_is_reached_and_each_account_once() -> None:
    async with served() as (desk, client):
        await client.subscribe(
            commitment=CONFIRMED,
            accounts={"ann": {"account": [str(ANN)], "owner": [], "filters": []}},
            slots={"slots": {"filterByCommitment": True}},
        )
        await pinged(client)
        for _ in range(3):
            desk.node.submit(desk.wire(desk.pay(ANN, SOL)), lane="rpc")
        slot = desk.node.slot
        desk.node.advance(2)
        updates = [await client.update() for _ in range(3)]
    told = [(kind_of(one), one["account"]["account"]["lamports"] if "account" in one else None) for one in updates]
    assert ("account", str(3 * SOL)) in told
    assert sum(kind == "account" for kind, _ in told) == 1
    place = [kind for kind, _ in told].index("account")
    assert updates[place]["account"]["slot"] == str(slot)
    assert {one["slot"]["status"] for one in updates if kind_of(one) == "slot"} == {CONFIRMED}


async def test_only_the_wanted_parts_of_the_data_are_sent() -> None:
    async with served() as (desk, client):
        await client.subscribe(
            accounts={"mine": {"account": [], "owner": [str(PROGRAM)], "filters": [{"datasize": "8"}]}},
            accountsDataSlice=[{"offset": "1", "length": "2"}, {"offset": "6", "length": "100"}],
        )
        await pinged(client)
        desk.node.set_account(ANN, Account(1, b"123456789", PROGRAM))
        desk.node.set_account(ANN, Account(1, b"abcdefgh", PROGRAM))
        update = await client.update()
    assert bytes.fromhex(update["account"]["account"]["data"]) == b"bcgh"


async def test_a_token_is_asked_for() -> None:
    async with served("open sesame", tokens=frozenset({"open sesame"})) as (desk, client):
        assert await client.call("getSlot") == {"slot": str(desk.node.slot)}
    async with served("wrong", tokens=frozenset({"open sesame"})) as (_, client):
        await client.order(op="call", method="getSlot", args=[])
        assert await client.answer("failed") == {"failed": "get_slot request failed"}


async def test_a_filter_that_is_wrong_ends_the_stream() -> None:
    async with served() as (_, client):
        await client.subscribe(accounts={"bad": {"account": ["not a key"], "owner": [], "filters": []}})
        assert await client.answer("ended") == {"ended": "subscribe stream receive failed"}
