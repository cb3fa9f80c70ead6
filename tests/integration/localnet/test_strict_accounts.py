"""Lies about accounts and contracts: each differs from the chain in what it says, alone and by Multicall3."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tests.integration.localnet.strict_asking import ask
from tests.integration.localnet.strict_desk import Desk, Expectations
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import Behaviour
from tradewind.localnet.strict.behaviours import accounts

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECT = Expectations(accounts)


@pytest.mark.parametrize("kind", EXPECT.catalogue, ids=lambda kind: kind.__name__)
async def test_it_does_what_it_says_and_ends_with_behave(desk: Desk, kind: type[Behaviour]) -> None:
    await EXPECT.hold(desk, kind)


@EXPECT.of(accounts.WrongNonce())
async def nonce_behind(desk: Desk) -> None:
    assert await desk.told("eth_getTransactionCount", at.TRADER, "latest") == "0x0"
    await desk.sent()
    assert await desk.told("eth_getTransactionCount", at.TRADER, "latest") == "0x0"


@EXPECT.of(accounts.NonceAhead())
async def nonce_ahead(desk: Desk) -> None:
    assert await desk.told("eth_getTransactionCount", at.TRADER, "finalized") == "0x1"


@EXPECT.of(accounts.WrongBalance())
async def wrong_balance(desk: Desk) -> None:
    assert await desk.told("eth_getBalance", at.TRADER, "latest") == "0x0"


@EXPECT.of(accounts.CodeMissing())
async def code_missing(desk: Desk) -> None:
    assert await desk.told("eth_getCode", at.WETH.address, "latest") == "0x"


@EXPECT.of(accounts.WrongStorage())
async def wrong_storage(desk: Desk) -> None:
    slot = f"0x{53:064x}"
    assert int(await desk.true("eth_getStorageAt", at.WETH.address, slot, "latest"), 16) > 0
    assert int(await desk.told("eth_getStorageAt", at.WETH.address, slot, "latest"), 16) == 0


@EXPECT.of(accounts.AbsurdGasEstimate())
async def absurd_gas(desk: Desk) -> None:
    assert await desk.told("eth_estimateGas", {"to": at.TRADER}) == hex(2**63 - 1)


@EXPECT.of(accounts.TinyGasEstimate())
async def tiny_gas(desk: Desk) -> None:
    assert await desk.told("eth_estimateGas", {"to": at.WETH.address, "data": "0x18160ddd"}) == hex(21_000)


def calldata(signature: str, *values: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + encode(types.split(",") if types else [], values)


READS = {
    "balance": (at.USDC.address, calldata("balanceOf(address)", at.TRADER)),
    "supply": (at.USDC.address, calldata("totalSupply()")),
    "allowance": (at.USDC.address, calldata("allowance(address,address)", at.TRADER, at.SWAP_ROUTER_02)),
    "permit nonce": (at.USDC.address, calldata("nonces(address)", at.TRADER)),
    "slot0": ("0xC6962004f452bE9203591991D15f6b388e09E8D0", calldata("slot0()")),
    "reverts": (at.SWAP_ROUTER_02, calldata("nothing()")),
    "quote": (
        at.QUOTER_V2,
        keccak(text="quoteExactInputSingle((address,address,uint256,uint24,uint160))")[:4]
        + encode(["(address,address,uint256,uint24,uint160)"], [(at.WETH.address, at.USDC.address, 10**18, 500, 0)]),
    ),
}


async def read_all(url: str) -> dict[str, bytes | None]:
    """Every read asked alone, which must agree with all of them asked through Multicall3."""
    alone: dict[str, bytes | None] = {}
    for name, (to, data) in READS.items():
        document = (await ask(url, "eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")).document
        alone[name] = bytes.fromhex(document["result"][2:]) if "result" in document else None
    calls = [(to, True, data) for to, data in READS.values()]
    question = keccak(text="aggregate3((address,bool,bytes)[])")[:4] + encode(["(address,bool,bytes)[]"], [calls])
    document = (await ask(url, "eth_call", {"to": at.MULTICALL3, "data": "0x" + question.hex()}, "latest")).document
    (answers,) = decode(["(bool,bytes)[]"], bytes.fromhex(document["result"][2:]))
    together = {name: content if succeeded else None for name, (succeeded, content) in zip(READS, answers, strict=True)}
    assert {name: _settled(name, content) for name, content in together.items()} == {
        name: _settled(name, content) for name, content in alone.items()
    }
    return alone


def _settled(name: str, content: bytes | None) -> bytes | None:
    """The quoter's estimate of gas, its last word, depends on what was read before it."""
    return content if content is None or name != "quote" else content[:96]


async def changes(desk: Desk, **expected: bytes) -> None:
    """The reads differ from the truth in exactly these."""
    names = {name.replace(" ", "_"): name for name in READS}
    told, true = await read_all(desk.strict.url), await read_all(desk.chain.rpc_url)
    assert told == true | {names[name]: content for name, content in expected.items()}
    assert all(true[names[name]] != content for name, content in expected.items())


@EXPECT.of(accounts.WrongTokenBalance())
async def wrong_token_balance(desk: Desk) -> None:
    await changes(desk, balance=bytes(32))


@EXPECT.of(accounts.AllowanceLie())
async def allowance_lie(desk: Desk) -> None:
    await changes(desk, allowance=b"\xff" * 32)


@EXPECT.of(accounts.PermitNonceLie())
async def permit_nonce_lie(desk: Desk) -> None:
    await changes(desk, permit_nonce=encode(["uint256"], [7]))


@EXPECT.of(accounts.PoolPriceLie())
async def pool_price_lie(desk: Desk) -> None:
    true = (await read_all(desk.chain.rpc_url))["slot0"]
    assert true is not None
    await changes(desk, slot0=encode(["uint256"], [4295128739]) + true[32:])


@EXPECT.of(accounts.QuoteAltered())
async def quote_altered(desk: Desk) -> None:
    true = (await read_all(desk.chain.rpc_url))["quote"]
    assert true is not None
    await changes(desk, quote=encode(["uint256"], [2 * int.from_bytes(true[:32])]) + true[32:])


@EXPECT.of(accounts.EmptyReturn())
async def empty_return(desk: Desk) -> None:
    told = await read_all(desk.strict.url)
    assert {name: told[name] for name in READS if name != "reverts"} == dict.fromkeys(set(READS) - {"reverts"}, b"")


@EXPECT.of(accounts.ShortReturn())
async def short_return(desk: Desk) -> None:
    told, true = await read_all(desk.strict.url), await read_all(desk.chain.rpc_url)
    assert told == {name: content if content is None else content[:-1] for name, content in true.items()}


@EXPECT.of(accounts.FlippedBit())
async def flipped_bit(desk: Desk) -> None:
    told, true = await read_all(desk.strict.url), await read_all(desk.chain.rpc_url)
    for name, content in true.items():
        lied = told[name]
        assert (lied is None) == (content is None)
        if content is not None and lied is not None:
            assert int.from_bytes(lied) ^ int.from_bytes(content) == 1 << 8 * (len(content) - 32)
