"""What the methods that read answer, field by field, as clients expect it of Agave."""

import base64
from typing import Any

import pytest
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.rpc.responses import GetAccountInfoResp, GetBlockResp, GetTransactionResp
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from tests.integration.localnet_solana.asking import CONFIRMED, PROCESSED, Asking, RpcFailure
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap, associated, pay
from tradewind.localnet.solana import SolanaLocalnet

VERSIONED = CONFIRMED | {"maxSupportedTransactionVersion": 0}


async def test_a_transaction_is_shown_with_what_it_paid_moved_and_called(chain: SolanaLocalnet, rpc: Asking) -> None:
    pool, trader = chain.description.pool("raydium_amm_v4", "SOL/USDC"), chain.wallets["trader"]
    usdc = Pubkey.from_string(chain.description.mint("USDC"))
    wire = await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, 1)], trader)
    signature = await rpc.send(wire)
    assert await rpc("getTransaction", signature, VERSIONED) is None
    chain.node.advance()
    shown = await rpc("getTransaction", signature, VERSIONED)
    meta, message = shown["meta"], shown["transaction"]["message"]
    assert (meta["err"], meta["fee"], shown["version"]) == (None, 5000, 0)
    assert meta["preBalances"][0] - meta["postBalances"][0] == 5000
    assert meta["computeUnitsConsumed"] > 1000
    where = message["accountKeys"].index(str(associated(trader.pubkey(), usdc)))
    (before,) = [item for item in meta["preTokenBalances"] if item["accountIndex"] == where]
    (after,) = [item for item in meta["postTokenBalances"] if item["accountIndex"] == where]
    assert (before["mint"], before["owner"]) == (str(usdc), str(trader.pubkey()))
    assert before["uiTokenAmount"] == {
        "amount": "100000000000",
        "decimals": 6,
        "uiAmount": 100_000.0,
        "uiAmountString": "100000",
    }
    held = await rpc.value("getTokenAccountBalance", str(associated(trader.pubkey(), usdc)), PROCESSED)
    assert after["uiTokenAmount"] == held
    # Two transfers by the token program, called by the pool's.
    (inner,) = meta["innerInstructions"]
    programs = [message["accountKeys"][call["programIdIndex"]] for call in inner["instructions"]]
    assert (inner["index"], programs) == (0, ["TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"] * 2)
    raw = await rpc("getTransaction", signature, VERSIONED | {"encoding": "base64"})
    assert raw["transaction"] == [base64.b64encode(wire).decode(), "base64"]


@pytest.mark.parametrize("encoding", ["json", "jsonParsed", "base64", "base58"])
async def test_a_transaction_and_its_block_are_in_the_form_that_solders_reads(
    chain: SolanaLocalnet, rpc: Asking, encoding: str
) -> None:
    signature = await rpc("requestAirdrop", str(Keypair().pubkey()), 1_000_000)
    slot = await rpc("getSlot", PROCESSED)
    chain.node.advance()
    for method, key, response in (
        ("getTransaction", signature, GetTransactionResp),
        ("getBlock", slot, GetBlockResp),
    ):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [key, VERSIONED | {"encoding": encoding}]}
        text = str((await rpc.post(body)).document).replace("'", '"')
        for python, javascript in (("None", "null"), ("True", "true"), ("False", "false")):
            text = text.replace(f" {python}", f" {javascript}")
        read = response.from_json(text)
        assert isinstance(read, response)
        assert read.value is not None


async def test_a_version_that_the_client_does_not_know_is_refused(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader = chain.wallets["trader"]
    signature = await rpc.send(await rpc.signed([pay(trader.pubkey(), trader.pubkey(), 1)], trader))
    chain.node.advance()
    with pytest.raises(RpcFailure) as refused:
        await rpc("getTransaction", signature, CONFIRMED)
    assert refused.value.code == -32015
    with pytest.raises(RpcFailure) as processed:
        await rpc("getTransaction", signature, PROCESSED | {"maxSupportedTransactionVersion": 0})
    assert processed.value.message == "Method does not support commitment below `confirmed`"


async def test_accounts_are_shown_in_each_encoding(chain: SolanaLocalnet, rpc: Asking) -> None:
    wallet = chain.description.wallet("trader")
    mint, held = chain.description.mint("USDC"), wallet.token_accounts["USDC"]
    parsed = await rpc.value("getAccountInfo", held, {"encoding": "jsonParsed"})
    assert parsed["data"]["program"] == "spl-token"
    assert parsed["data"]["parsed"] == {
        "type": "account",
        "info": {
            "mint": mint,
            "owner": wallet.address,
            "state": "initialized",
            "isNative": False,
            "tokenAmount": {
                "amount": "100000000000",
                "decimals": 6,
                "uiAmount": 100_000.0,
                "uiAmountString": "100000",
            },
        },
    }
    minted = await rpc.value("getAccountInfo", mint, {"encoding": "jsonParsed"})
    assert minted["data"]["parsed"]["info"] == {
        "mintAuthority": None,
        "supply": "10000000000000000",
        "decimals": 6,
        "isInitialized": True,
        "freezeAuthority": None,
    }
    wrapped = await rpc.value("getAccountInfo", wallet.token_accounts["SOL"], {"encoding": "jsonParsed"})
    assert wrapped["data"]["parsed"]["info"]["rentExemptReserve"]["amount"] == "2039280"
    assert wrapped["lamports"] == 100 * 10**9 + 2_039_280
    raw = await rpc.value("getAccountInfo", held, {"encoding": "base64"})
    part = await rpc.value("getAccountInfo", held, {"encoding": "base64", "dataSlice": {"offset": 64, "length": 8}})
    assert (len(base64.b64decode(raw["data"][0])), raw["space"]) == (165, 165)
    assert int.from_bytes(base64.b64decode(part["data"][0]), "little") == 100_000 * 10**6
    short = await rpc.value("getAccountInfo", held, {"encoding": "base58", "dataSlice": {"offset": 0, "length": 32}})
    assert short["data"] == [mint, "base58"]
    with pytest.raises(RpcFailure, match="Base64") as too_long:
        await rpc("getAccountInfo", held, {"encoding": "base58"})
    assert too_long.value.code == -32600
    with pytest.raises(RpcFailure) as unsupported:
        await rpc("getAccountInfo", held, {"encoding": "base64+zstd"})
    assert (unsupported.value.code, "base64+zstd" in unsupported.value.message) == (-32602, True)


async def test_an_account_is_in_the_form_that_solders_reads(chain: SolanaLocalnet, rpc: Asking) -> None:
    key = chain.description.wallet("trader").token_accounts["USDC"]
    body = {"jsonrpc": "2.0", "id": 1, "method": "getAccountInfo", "params": [key, {"encoding": "base64"}]}
    text = str((await rpc.post(body)).document).replace("'", '"').replace("False", "false")
    read = GetAccountInfoResp.from_json(text)
    assert isinstance(read, GetAccountInfoResp)
    assert read.value is not None
    assert read.value.data == getattr(chain.node.account(Pubkey.from_string(key)), "data", None)


async def test_a_wallets_token_accounts_are_found_by_mint_and_by_program(chain: SolanaLocalnet, rpc: Asking) -> None:
    wallet = chain.description.wallet("second")
    base64_wanted = {"encoding": "base64"}
    program = {"programId": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"}
    every = await rpc.value("getTokenAccountsByOwner", wallet.address, program, base64_wanted)
    assert {item["pubkey"] for item in every} == set(wallet.token_accounts.values())
    one = await rpc.value(
        "getTokenAccountsByOwner", wallet.address, {"mint": chain.description.mint("TIDE")}, base64_wanted
    )
    assert [item["pubkey"] for item in one] == [wallet.token_accounts["TIDE"]]
    with pytest.raises(RpcFailure, match="either"):
        await rpc("getTokenAccountsByOwner", wallet.address, {})


async def test_a_simulation_tells_everything_and_keeps_nothing(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader, receiver = chain.wallets["trader"].pubkey(), Keypair().pubkey()
    message = MessageV0.try_compile(trader, [pay(trader, receiver, 1_000_000)], [], chain.node.genesis_hash)
    unsigned = VersionedTransaction.populate(message, [Signature.default()])
    text = base64.b64encode(bytes(unsigned)).decode()
    config: dict[str, Any] = {"encoding": "base64", "commitment": "processed"}
    stale = await rpc.value("simulateTransaction", text, config)
    assert (stale["err"], stale["logs"]) == ("BlockhashNotFound", [])
    accounts = {"encoding": "base64", "addresses": [str(receiver), str(trader)]}
    replaced = await rpc.value(
        "simulateTransaction", text, config | {"replaceRecentBlockhash": True, "accounts": accounts}
    )
    assert (replaced["err"], replaced["unitsConsumed"], replaced["fee"]) == (None, 150, 5000)
    assert [item["lamports"] for item in replaced["accounts"]] == [1_000_000, 1000 * 10**9 - 1_005_000]
    latest = await rpc.value("getLatestBlockhash", PROCESSED)
    assert replaced["replacementBlockhash"] == latest
    with pytest.raises(RpcFailure, match="sigVerify"):
        await rpc("simulateTransaction", text, config | {"sigVerify": True, "replaceRecentBlockhash": True})
    with pytest.raises(RpcFailure) as unsigned_refused:
        await rpc("simulateTransaction", text, config | {"sigVerify": True})
    assert unsigned_refused.value.code == -32003
    assert await rpc.value("getAccountInfo", str(receiver), PROCESSED) is None


async def test_fees_are_told_before_and_after(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader = chain.wallets["trader"]
    calls = [set_compute_unit_limit(1_001), set_compute_unit_price(1_500_000), pay(trader.pubkey(), WSOL, 1)]
    wire = await rpc.signed(calls, trader)
    message = to_bytes_versioned(VersionedTransaction.from_bytes(wire).message)
    fee = await rpc.value("getFeeForMessage", base64.b64encode(message).decode(), PROCESSED)
    # 1001 units at 1.5 lamports are 1501.5, and the fee is rounded up.
    assert fee == 5000 + 1502
    await rpc.send(wire, skipPreflight=True)
    recent = await rpc("getRecentPrioritizationFees", [str(trader.pubkey())])
    assert recent[-1] == {"slot": chain.node.slot, "prioritizationFee": 1_500_000}
    elsewhere = await rpc("getRecentPrioritizationFees", [str(Keypair().pubkey())])
    assert {item["prioritizationFee"] for item in elsewhere} == {0}


async def test_signatures_for_an_address_are_paged_newest_first(chain: SolanaLocalnet, rpc: Asking) -> None:
    receiver = str(Keypair().pubkey())
    made = []
    for _ in range(5):
        made.append(await rpc("requestAirdrop", receiver, 1_000_000))
        chain.node.advance()
    newest_first = made[::-1]
    every = await rpc("getSignaturesForAddress", receiver, CONFIRMED)
    assert [item["signature"] for item in every] == newest_first
    page = await rpc("getSignaturesForAddress", receiver, CONFIRMED | {"limit": 2, "before": newest_first[1]})
    assert [item["signature"] for item in page] == newest_first[2:4]
    until = await rpc("getSignaturesForAddress", receiver, CONFIRMED | {"until": newest_first[3]})
    assert [item["signature"] for item in until] == newest_first[:3]


async def test_the_only_node_leads_every_slot_and_says_where_it_is(chain: SolanaLocalnet, rpc: Asking) -> None:
    identity = (await rpc("getIdentity"))["identity"]
    now = await rpc("getSlot", PROCESSED)
    assert await rpc("getSlotLeader") == identity
    assert await rpc("getSlotLeaders", now, 8) == [identity] * 8
    schedule = await rpc("getLeaderSchedule")
    assert schedule == {identity: list(range(432_000))}
    assert await rpc("getLeaderSchedule", 10**12) is None
    (node,) = await rpc("getClusterNodes")
    assert (node["pubkey"], f"http://{node['rpc']}") == (identity, chain.rpc_url)
    assert await rpc("getGenesisHash") == chain.description.genesis_hash


async def test_a_context_slot_that_is_not_reached_is_refused(chain: SolanaLocalnet, rpc: Asking) -> None:
    now = await rpc("getSlot", PROCESSED)
    wanted = PROCESSED | {"minContextSlot": now + 1}
    with pytest.raises(RpcFailure) as refused:
        await rpc("getBalance", str(WSOL), wanted)
    assert (refused.value.code, refused.value.data) == (-32016, {"contextSlot": now})
    chain.node.advance()
    assert (await rpc("getBalance", str(WSOL), wanted))["context"]["slot"] == now + 1


@pytest.mark.parametrize("commitment", ["processed", "confirmed", "finalized"])
async def test_the_clock_of_a_slot_shows_that_slot(chain: SolanaLocalnet, rpc: Asking, commitment: str) -> None:
    chain.node.advance(9)
    clock = "SysvarC1ock11111111111111111111111111111111"
    told = await rpc("getAccountInfo", clock, {"encoding": "base64", "commitment": commitment})
    data = base64.b64decode(told["value"]["data"][0])
    assert int.from_bytes(data[:8], "little") == told["context"]["slot"]


async def test_rent_and_what_does_not_exist(chain: SolanaLocalnet, rpc: Asking) -> None:
    # 128 bytes of overhead at 6960 lamports a byte for two years' rent, as on mainnet.
    assert await rpc("getMinimumBalanceForRentExemption", 0) == 890_880
    assert await rpc("getMinimumBalanceForRentExemption", 165) == 2_039_280
    nobody = str(Keypair().pubkey())
    assert await rpc.value("getBalance", nobody) == 0
    assert await rpc.value("getMultipleAccounts", [nobody, nobody]) == [None, None]
    with pytest.raises(RpcFailure, match="could not find account"):
        await rpc("getTokenAccountBalance", nobody)
    with pytest.raises(RpcFailure, match="not a Token mint"):
        await rpc("getTokenSupply", chain.description.wallet("trader").address)
    with pytest.raises(RpcFailure) as unknown:
        await rpc("getBlock", 17, VERSIONED)
    assert unknown.value.code == -32004
