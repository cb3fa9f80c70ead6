"""What the chain says, read with plain JSON-RPC and decoded by eth-abi: nothing of the code under test is involved."""

import json
import urllib.request
from typing import Any

from eth_abi import decode, encode  # type: ignore[attr-defined]
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

WETH = "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
ARB = "0x912CE59144191C1204E64559FE8253a0e49E6548"
ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
QUOTER = "0x61fFE014bA17989E743c5F6cB21bF9697530B21e"
TRADER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()


def rpc(url: str, method: str, *params: object) -> Any:
    """One JSON-RPC request; an error is an assertion failure."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        answer = json.load(response)
    assert "error" not in answer, answer
    return answer["result"]


def read(url: str, to: str, signature: str, *arguments: object, block: str = "latest") -> int:
    """One uint256 from a view function."""
    types = signature[signature.index("(") + 1 : -1]
    data = keccak(text=signature)[:4] + encode(types.split(",") if types else [], arguments)
    answer = rpc(url, "eth_call", {"to": to, "data": "0x" + data.hex()}, block)
    return int(decode(["uint256"], bytes.fromhex(answer[2:])[:32])[0])


def balance(url: str, token: str, who: str = TRADER, block: str = "latest") -> int:
    """Tokens held."""
    return read(url, token, "balanceOf(address)", who, block=block)


def allowance(url: str, token: str) -> int:
    """What the router may take of the trader's tokens."""
    return read(url, token, "allowance(address,address)", TRADER, ROUTER)


def ether(url: str, block: str = "latest") -> int:
    """Wei of the trader."""
    return int(rpc(url, "eth_getBalance", TRADER, block), 16)


def nonce(url: str) -> int:
    """How many transactions of the trader are included."""
    return int(rpc(url, "eth_getTransactionCount", TRADER, "latest"), 16)


def quoter(url: str, kind: str, path: list[str], fees: list[int], amount: int, block: str) -> int:
    """QuoterV2's answer for a path given in trade order."""
    tokens, steps = (path, fees) if kind == "in" else (path[::-1], fees[::-1])
    packed = bytes.fromhex(tokens[0][2:])
    for token, fee in zip(tokens[1:], steps, strict=True):
        packed += fee.to_bytes(3) + bytes.fromhex(token[2:])
    name = "quoteExactInput" if kind == "in" else "quoteExactOutput"
    data = keccak(text=f"{name}(bytes,uint256)")[:4] + encode(["bytes", "uint256"], [packed, amount])
    answer = rpc(url, "eth_call", {"to": QUOTER, "data": "0x" + data.hex()}, block)
    return int(decode(["uint256"], bytes.fromhex(answer[2:])[:32])[0])


def quoter_of_legs(url: str, kind: str, legs: list[dict[str, Any]], block: str) -> int:
    """QuoterV2's answers for the legs of a shown plan, added up; it answers each alone, so none may share a pool."""
    pools = [hop["pool"] for leg in legs for hop in leg["hops"]]
    assert len(pools) == len(set(pools)), pools
    total = 0
    for leg in legs:
        path = [hop["pays"]["token"] for hop in leg["hops"]] + [leg["hops"][-1]["gets"]["token"]]
        fees = [round(float(hop["fee_percent"]) * 10_000) for hop in leg["hops"]]
        amount = int(leg["pays" if kind == "in" else "gets"]["raw"])
        total += quoter(url, kind, path, fees, amount, block)
    return total


def trader_receipts(url: str) -> list[dict[str, Any]]:
    """The receipts of every transaction that the trader ever sent, oldest first."""
    found = []
    for number in range(int(rpc(url, "eth_blockNumber"), 16) + 1):
        block = rpc(url, "eth_getBlockByNumber", hex(number), True)
        mine = [tx for tx in block["transactions"] if to_checksum_address(tx["from"]) == TRADER]
        found += [rpc(url, "eth_getTransactionReceipt", tx["hash"]) for tx in mine]
    return found


def received(receipt: dict[str, Any], token: str, who: str = TRADER) -> int:
    """Net tokens that a transaction brought to an account."""
    total, own = 0, "0x" + who[2:].lower().rjust(64, "0")
    for log in receipt["logs"]:
        if to_checksum_address(log["address"]) == token and log["topics"][0] == TRANSFER:
            value = int(log["data"], 16)
            total += value * ((log["topics"][2] == own) - (log["topics"][1] == own))
    return total
