"""What the strict endpoint answers to reads: Arbitrum's tags, fees, methods, receipts, NodeInterface, and JSON-RPC."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tests.integration.localnet.strict_asking import GWEI, ask, post, request, signed
from tradewind.localnet import EvmLocalnet, LocalnetError
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import Rules, StrictRpc

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def strict(chain: EvmLocalnet) -> AsyncIterator[StrictRpc]:
    # The last block of the deployment is a little cheaper than those that the chain holds at Arbitrum's floor.
    await chain.mine()
    async with StrictRpc(chain.rpc_url) as endpoint:
        yield endpoint


async def result(strict: StrictRpc, method: str, *params: Any) -> Any:
    return (await ask(strict.url, method, *params)).result


# Methods


@pytest.mark.parametrize(
    "method",
    [
        *("anvil_mine", "anvil_setBalance", "evm_mine", "evm_snapshot", "hardhat_reset", "txpool_content"),
        *(
            "txpool_status",
            "eth_sendTransaction",
            "eth_sign",
            "eth_signTransaction",
            "personal_sign",
            "debug_traceCall",
        ),
        *("eth_sendUnsignedTransaction", "eth_sendRawTransactionSync", "eth_subscribe", "eth_mining", "nope", ""),
    ],
)
async def test_what_a_public_endpoint_does_not_offer_does_not_exist(
    strict: StrictRpc, chain: EvmLocalnet, method: str
) -> None:
    before = await chain.block_number()
    said = await ask(strict.url, method, {})
    assert said.status == 200
    assert said.error == {"code": -32601, "message": f"the method {method} does not exist/is not available"}
    assert await chain.block_number() == before


async def test_no_account_is_held_and_no_tip_is_suggested(strict: StrictRpc, chain: EvmLocalnet) -> None:
    assert await result(strict, "eth_accounts") == []
    assert await result(strict, "eth_maxPriorityFeePerGas") == "0x0"
    assert await result(strict, "eth_gasPrice") == hex(20_000_000)
    await chain.mine(2)
    history = await result(strict, "eth_feeHistory", "0x3", "latest", [10, 90])
    assert [row for row in history["reward"] if row != ["0x0", "0x0"]] == []
    assert await result(strict, "eth_chainId") == "0xa4b1"
    assert await result(strict, "net_version") == "42161"


# Tags


async def test_pending_is_latest_in_every_respect(strict: StrictRpc, chain: EvmLocalnet) -> None:
    await chain.set_automine(on=False)
    await chain.rpc.call("eth_sendRawTransaction", signed(value=1, to=at.MARKET_MAKER)[0])
    assert await chain.rpc.call("eth_getTransactionCount", at.TRADER, "pending") == "0x1"
    for method, params in (
        ("eth_getTransactionCount", [at.TRADER]),
        ("eth_getBalance", [at.MARKET_MAKER]),
        ("eth_call", [{"to": at.WETH.address, "data": "0x18160ddd"}]),
    ):
        latest = await result(strict, method, *params, "latest")
        assert await result(strict, method, *params, "pending") == latest
        assert await result(strict, method, *params) == latest
    blocks = [await result(strict, "eth_getBlockByNumber", tag, False) for tag in ("latest", "pending")]
    assert blocks[0] == blocks[1]


async def test_the_finalized_and_safe_blocks_are_as_deep_as_told(strict: StrictRpc, chain: EvmLocalnet) -> None:
    async def number(tag: str) -> int:
        return int((await result(strict, "eth_getBlockByNumber", tag, False))["number"], 16)

    await chain.mine(70)
    head = await chain.block_number()
    anvils = {tag: int((await chain.rpc.call("eth_getBlockByNumber", tag, False))["number"], 16) for tag in TAGS}
    assert {tag: await number(tag) for tag in TAGS} == anvils == {"safe": head - 32, "finalized": head - 64}
    strict.rules.finalized_depth = 3
    assert {tag: await number(tag) for tag in TAGS} == {"safe": head - 3, "finalized": head - 3}
    strict.rules.finalized_depth = 10 * head
    assert await number("finalized") == 0


TAGS = ("safe", "finalized")


async def test_every_read_follows_the_finalized_tag(strict: StrictRpc, chain: EvmLocalnet) -> None:
    strict.rules.finalized_depth = 2
    assert "result" in (await ask(strict.url, "eth_sendRawTransaction", signed()[0])).document
    counts = []
    for _ in range(3):
        counts.append(await result(strict, "eth_getTransactionCount", at.TRADER, "finalized"))
        await chain.mine()
    assert counts == ["0x0", "0x0", "0x1"]


async def test_a_block_that_does_not_exist_is_null_and_its_state_is_not_found(strict: StrictRpc) -> None:
    assert await result(strict, "eth_getBlockByNumber", hex(10**6), False) is None
    refused = (await ask(strict.url, "eth_getBalance", at.TRADER, hex(10**6))).error
    assert refused == {"code": -32000, "message": "header not found"}


# Receipts, blocks and gas


async def test_receipts_say_what_anvil_charged_and_have_arbitrums_fields(strict: StrictRpc, chain: EvmLocalnet) -> None:
    strict.rules.l1_base_fee_wei = GWEI
    before = await chain.eth_balance(at.TRADER)
    tx_hash = await result(strict, "eth_sendRawTransaction", signed(gas=200_000)[0])
    receipt = await result(strict, "eth_getTransactionReceipt", tx_hash)
    assert receipt | await chain.rpc.call("eth_getTransactionReceipt", tx_hash) == receipt
    assert receipt["gasUsedForL1"] == "0x0"
    assert receipt["l1BlockNumber"] == receipt["blockNumber"]
    charged = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert before - await chain.eth_balance(at.TRADER) == charged
    (in_block,) = await result(strict, "eth_getBlockReceipts", receipt["blockNumber"])
    assert in_block == receipt


async def test_blocks_give_the_height_of_l1_as_text(strict: StrictRpc) -> None:
    block = await result(strict, "eth_getBlockByNumber", "latest", False)
    assert block["l1BlockNumber"] == block["number"]
    assert await result(strict, "eth_getBlockByHash", block["hash"], False) == block


def question(signature: str, to: str, data: bytes) -> dict[str, str]:
    selector = keccak(text=f"{signature}(address,bool,bytes)")[:4]
    return {
        "to": at.NODE_INTERFACE,
        "from": at.TRADER,
        "data": "0x" + (selector + encode(["address", "bool", "bytes"], [to, False, data])).hex(),
    }


async def node_interface(strict: StrictRpc, signature: str, to: str, data: bytes, returns: list[str]) -> Any:
    answer = await result(strict, "eth_call", question(signature, to, data), "latest")
    return decode(returns, bytes.fromhex(answer[2:]))


APPROVE = keccak(text="approve(address,uint256)")[:4] + encode(["address", "uint256"], [at.SWAP_ROUTER_02, 5])


async def test_without_an_l1_price_the_share_of_l1_is_zero(strict: StrictRpc, chain: EvmLocalnet) -> None:
    call = {"from": at.TRADER, "to": at.USDC.address, "data": "0x" + APPROVE.hex()}
    own = int(await chain.rpc.call("eth_estimateGas", call), 16)
    assert await result(strict, "eth_estimateGas", call) == hex(own)
    words = ["uint64", "uint64", "uint256", "uint256"]
    answer = await node_interface(strict, "gasEstimateComponents", at.USDC.address, APPROVE, words)
    assert answer == (own, 0, 20_000_000, 0)
    answer = await node_interface(strict, "gasEstimateL1Component", at.USDC.address, APPROVE, words[1:])
    assert answer == (0, 20_000_000, 0)


async def test_with_an_l1_price_estimates_and_node_interface_agree_on_the_documented_share(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    price = 3 * GWEI
    strict.rules.l1_base_fee_wei = price
    call = {"from": at.TRADER, "to": at.USDC.address, "data": "0x" + APPROVE.hex()}
    own = int(await chain.rpc.call("eth_estimateGas", call), 16)
    share = 16 * (len(zlib.compress(APPROVE, 9)) + 140) * price // 20_000_000
    assert share > 100_000
    assert await result(strict, "eth_estimateGas", call) == hex(own + share)
    words = ["uint64", "uint64", "uint256", "uint256"]
    answer = await node_interface(strict, "gasEstimateComponents", at.USDC.address, APPROVE, words)
    assert answer == (own + share, share, 20_000_000, price)
    answer = await node_interface(strict, "gasEstimateL1Component", at.USDC.address, APPROVE, words[1:])
    assert answer == (share, 20_000_000, price)
    # A limit that leaves nothing for L1 is below what the transaction needs.
    refused = await ask(strict.url, "eth_sendRawTransaction", signed(gas=60_000, data=APPROVE)[0])
    assert refused.error == {"code": -32000, "message": "intrinsic gas too low"}


async def test_an_estimate_of_what_reverts_says_why(strict: StrictRpc) -> None:
    strict.rules.l1_base_fee_wei = GWEI
    transfer = keccak(text="transfer(address,uint256)")[:4] + encode(["address", "uint256"], [at.TRADER, 10**30])
    for params in ({"from": at.TRADER, "to": at.USDC.address, "data": "0x" + transfer.hex()},):
        refused = (await ask(strict.url, "eth_estimateGas", params)).error
        assert refused["code"] == 3
        assert refused["message"].startswith("execution reverted")
        wrapped = question("gasEstimateComponents", at.USDC.address, transfer)
        assert (await ask(strict.url, "eth_call", wrapped, "latest")).error["code"] == 3


async def test_node_interface_refuses_what_it_does_not_know(strict: StrictRpc) -> None:
    for data in ("0x", "0x12345678", question("gasEstimateComponents", at.TRADER, b"1234")["data"][:-64]):
        refused = (await ask(strict.url, "eth_call", {"to": at.NODE_INTERFACE, "data": data}, "latest")).error
        assert refused["message"] == "execution reverted"


# JSON-RPC


async def test_a_batch_is_answered_in_order_with_the_ids_that_it_had(strict: StrictRpc) -> None:
    ids: list[Any] = [7, "seven", None, -1, 2**60]
    batch = [request("eth_chainId", number=number) for number in ids]
    batch.insert(1, request("nope", number=99))
    batch.insert(3, 17)  # type: ignore[arg-type]
    answers = (await post(strict.url, batch)).document
    assert [answer["id"] for answer in answers] == [7, 99, "seven", None, None, -1, 2**60]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, -32601, None, -32600, None, None, None]
    assert all(answer["jsonrpc"] == "2.0" for answer in answers)


async def test_a_notification_gets_no_answer(strict: StrictRpc) -> None:
    quiet = {"jsonrpc": "2.0", "method": "eth_chainId"}
    assert (await post(strict.url, quiet)).body == b""
    (answer,) = (await post(strict.url, [quiet, request("eth_chainId", number=3)])).document
    assert answer["id"] == 3


@pytest.mark.parametrize(("body", "code"), [(b"{", -32700), (b"[]", -32600), (b"7", -32600), (b'{"id": 1}', -32600)])
async def test_what_is_no_request_is_refused_in_json_rpc(strict: StrictRpc, body: bytes, code: int) -> None:
    said = await post(strict.url, body)
    assert said.status == 200
    assert said.error["code"] == code


async def test_an_error_of_the_node_comes_through_with_code_message_and_data(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    call = {"to": at.SWAP_ROUTER_02, "data": "0x12345678"}
    own = (await ask(chain.rpc_url, "eth_call", call, "latest")).error
    assert (await ask(strict.url, "eth_call", call, "latest")).error == own
    assert own["code"] == 3


async def test_only_post_is_served_and_large_bodies_are_refused(strict: StrictRpc) -> None:
    async with aiohttp.ClientSession() as session, session.get(strict.url) as response:
        assert response.status == 405
    said = await post(strict.url, b"[" + b" " * (6 * 1024 * 1024) + b"]")
    assert said.status == 413


async def test_connections_are_kept_alive_and_requests_are_counted(strict: StrictRpc) -> None:
    content = json.dumps([request("eth_chainId"), request("eth_gasPrice")]).encode()
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(strict.url.rsplit(":", 1)[1]))
    for _ in range(3):
        writer.write(head + content)
        answered = await reader.readuntil(b"\r\n\r\n")
        assert answered.startswith(b"HTTP/1.1 200")
        size = int(answered.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        assert len(json.loads(await reader.readexactly(size))) == 2
    writer.close()
    await writer.wait_closed()
    assert strict.asked == {"eth_chainId": 3, "eth_gasPrice": 3}


# Starting and ending


async def test_several_endpoints_stand_in_front_of_one_chain_each_with_its_own_rules(chain: EvmLocalnet) -> None:
    await chain.mine(10)
    async with (
        StrictRpc(chain.rpc_url, rules=Rules(finalized_depth=1)) as one,
        StrictRpc(chain.rpc_url, rules=Rules(finalized_depth=5)) as two,
    ):
        finals = [
            int((await result(item, "eth_getBlockByNumber", "finalized", False))["number"], 16) for item in (one, two)
        ]
        assert finals[0] - finals[1] == 4


async def test_without_a_chain_it_does_not_start(chain: EvmLocalnet) -> None:
    with pytest.raises(LocalnetError, match="does not answer") as gone:
        async with StrictRpc("http://127.0.0.1:9"):
            pass
    assert gone.value.code == "chain_unreachable"


async def test_a_taken_port_is_named(strict: StrictRpc, chain: EvmLocalnet) -> None:
    port = int(strict.url.rsplit(":", 1)[1])
    with pytest.raises(LocalnetError, match=str(port)) as taken:
        async with StrictRpc(chain.rpc_url, port=port):
            pass
    assert taken.value.code == "port_in_use"


async def test_a_chain_that_goes_away_is_a_bad_gateway() -> None:
    async with EvmLocalnet() as short_lived, StrictRpc(short_lived.rpc_url) as strict:
        await short_lived.__aexit__(None, None, None)
        said = await ask(strict.url, "eth_blockNumber")
        assert said.status == 502
        assert b"jsonrpc" not in said.body
