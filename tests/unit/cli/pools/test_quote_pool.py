"""`tradewind quote pool`: against the recorded answers of the chain's own Quoter, and against a pair's formula."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.terminal import tradewind

ROOT = Path(__file__).parents[4]
EVM = ROOT / "tests" / "fixtures" / "evm"
EXAMPLE = ROOT / "examples" / "pools.json"
PAIR = "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"
WETH, USDC = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
NAMED = ("--token", f"WETH={WETH}:18", "--token", f"USDC={USDC}:6")


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """The WBTC/WETH pool at one block of mainnet, in the form of pool files."""
    snapshot = json.loads((EVM / "uniswap_v3_wbtc_weth_block_24407242.json").read_text())
    scalars = snapshot["scalars"]
    ticks = sorted((int(tick), gross, net) for tick, (gross, net, _) in snapshot["tick_data"].items())
    pool = {
        "venue": "uniswap_v3",
        "pool": snapshot["pool"],
        "token0": snapshot["token0"]["address"],
        "token1": snapshot["token1"]["address"],
        "fee_pips": scalars["fee"],
        "tick_spacing": scalars["tick_spacing"],
        "sqrt_price_x96": str(scalars["sqrt_price_x96"]),
        "tick": scalars["tick"],
        "liquidity": str(scalars["liquidity"]),
        "ticks": [
            {"index": index, "liquidity_gross": str(gross), "liquidity_net": str(net)} for index, gross, net in ticks
        ],
    }
    file = tmp_path / "pools.json"
    file.write_text(json.dumps(pool))
    return file, pool


def test_it_answers_as_the_quoter_of_the_chain_did(recorded: tuple[Path, dict[str, Any]]) -> None:
    file, pool = recorded
    entries = json.loads((EVM / "uniswap_v3_wbtc_weth_quoter_answers.json").read_text())["entries"]
    compared = 0
    for name, entry in entries.items():
        _, function, tokens, amount = name.split("|")
        if function != "quoteExactInputSingle":
            continue
        token_in = pool["token0"] if tokens == "WBTC->WETH" else pool["token1"]
        arguments = ("--pools", file, "--pool", pool["pool"], "--from", token_in, "--amount", amount, "--json")
        said = tradewind("quote", *arguments)
        if said.exit_code == 0:
            assert said.document["amount_out"]["raw"] == str(entry["value"])
            compared += 1
        else:
            assert said.error["code"] == "insufficient_liquidity"
    assert compared > 10


def test_without_a_service_units_and_symbols_are_known_from_the_options() -> None:
    said = tradewind("quote", "--pools", EXAMPLE, "--pool", PAIR, *NAMED, "--from", "WETH", "--amount", "10.0")
    assert said.exit_code == 0
    paid = 10 * 10**18 * 997
    out = paid * 24_000_000_000_000 // (15_000 * 10**18 * 1000 + paid)
    assert f"gets           {out // 10**6:,}.{out % 10**6:06d} USDC" in said.stdout
    assert "0.03 WETH (liquidity)" in said.stdout


def test_an_amount_to_get_asks_what_it_takes() -> None:
    arguments = ("--pools", EXAMPLE, "--pool", PAIR, "--to", USDC, "--amount-out", "1000000", "--json")
    said = tradewind("quote", "pool", *arguments).document
    # UniswapV2Library.getAmountIn.
    numerator, denominator = 15_000 * 10**18 * 10**6 * 1000, (24 * 10**12 - 10**6) * 997
    assert said["amount_in"]["raw"] == str(numerator // denominator + 1)
    assert said["amount_out"] == {"raw": "1000000", "decimal": None, "symbol": None, "token": USDC}


def test_a_pool_file_can_come_through_a_pipe() -> None:
    arguments = ("--pools", "-", "--pool", PAIR, "--from", WETH, "--amount", 10**18, "--json")
    piped = tradewind("quote", *arguments, stdin=EXAMPLE.read_text())
    assert piped.document["venue"] == "uniswap_v2"


ASKED = ("--pool", PAIR, "--from", WETH)
FILE = ("--pools", EXAMPLE)


@pytest.mark.parametrize(
    ("arguments", "option", "code"),
    [
        ((*FILE, *ASKED), "--amount", "amount_missing"),
        ((*FILE, *ASKED, "--amount", "1", "--amount-out", "1"), "--amount", "amount_missing"),
        ((*FILE, *ASKED, "--amount", "-1"), "--amount", "amount_malformed"),
        ((*FILE, *ASKED, "--amount", "1e18"), "--amount", "amount_malformed"),
        ((*FILE, *ASKED, "--amount", "1.5"), "--amount", "decimals_unknown"),
        ((*FILE, *ASKED, *NAMED, "--amount", "1.0000000000000000001"), "--amount", "amount_too_fine"),
        ((*FILE, *ASKED, "--amount", "0"), "--amount", "amount_zero"),
        ((*FILE, "--pool", PAIR, "--amount", "1"), "--from", "token_missing"),
        ((*FILE, "--pool", "0x12", "--from", WETH, "--amount", "1"), "--pool", "address_malformed"),
        ((*FILE, "--pool", WETH, "--from", WETH, "--amount", "1"), "--pool", "unknown_pool"),
        ((*FILE, "--pool", PAIR, "--from", "WETH", "--amount", "1"), "--from", "symbol_unknown"),
        ((*FILE, "--pool", PAIR, "--from", PAIR, "--to", USDC, "--amount", "1"), "--from", "token_not_in_pool"),
        ((*FILE, *ASKED, "--amount", "1", "--token", "WETH"), "--token", "token_malformed"),
        ((*FILE, *ASKED, "--amount", "1", "--token", f"WETH={WETH}:x"), "--token", "decimals_malformed"),
        ((*FILE, *ASKED, "--amount", "1", "--decimals", f"{WETH}=99"), "--decimals", "decimals_malformed"),
        (("--pools", "/nowhere", *ASKED, "--amount", "1"), "--pools", "file_unreadable"),
        ((*FILE, "--format", "cow", *ASKED, "--amount", "1"), "--pools", "auction_malformed"),
        ((*FILE, "--rpc", "http://127.0.0.1:1", *ASKED, "--amount", "1"), "--pools", "pools_missing"),
        (("--rpc", "nowhere", *ASKED, "--amount", "1"), "--rpc", "url_malformed"),
    ],
)
def test_a_mistake_names_the_option_and_the_remedy(arguments: tuple[object, ...], option: str, code: str) -> None:
    said = tradewind("quote", "pool", *arguments, "--json")
    assert (said.exit_code, said.error["code"]) == (2, code)
    [fault] = said.error["faults"]
    assert fault["field"] == option
    assert fault["message"].endswith(".")


def test_a_chain_that_does_not_answer_is_missing() -> None:
    said = tradewind("quote", "--rpc", "http://127.0.0.1:1", *ASKED, "--amount", "1", "--json")
    assert (said.exit_code, said.error["code"]) == (3, "rpc_unreachable")


def test_more_than_a_pool_holds_is_refused_in_units_of_the_tokens() -> None:
    said = tradewind("quote", *FILE, "--pool", PAIR, "--to", USDC, "--amount-out", str(10**20), *NAMED, "--json")
    assert (said.exit_code, said.error["code"]) == (1, "insufficient_liquidity")
    # The example's pair holds 24,000,000 USDC and 15,000 WETH, and 2**112 - 1 wei are the most that fit.
    assert (
        "at most 5,192,296,858,519,827.628530496329220095 WETH for 23,999,999.999999 USDC, then"
        in said.error["message"]
    )
    assert said.error["remedy"]
