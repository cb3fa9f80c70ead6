"""`tradewind route` and `tradewind cycles`: real files, the real core, and pairs whose formula is written out here."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.unit.cli.terminal import tradewind

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "examples" / "pools.json"
AUCTION = ROOT / "tests" / "fixtures" / "evm" / "cow_auction_7400693.json"
WETH, USDC = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
ENDS = ("--from", WETH, "--to", USDC)
SVG = "{http://www.w3.org/2000/svg}"


def pairs(folder: Path, *reserves: tuple[int, int]) -> Path:
    """Parallel pairs of the same two tokens, without a fee."""
    file = folder / "pairs.json"
    pools = [
        {
            "venue": "uniswap_v2",
            "pool": f"0x{number:040d}",
            "token0": USDC,
            "token1": WETH,
            "reserve0_raw": str(usdc),
            "reserve1_raw": str(weth),
            "fee_ppm": 0,
        }
        for number, (weth, usdc) in enumerate(reserves, 1)
    ]
    file.write_text(json.dumps({"pools": pools}))
    return file


def routed(*arguments: object) -> Any:
    said = tradewind("route", *arguments, "--json")
    assert said.exit_code == 0, said.stderr
    return said.document


def test_two_equal_pairs_share_the_amount(tmp_path: Path) -> None:
    file = pairs(tmp_path, (10**9, 2 * 10**9), (10**9, 2 * 10**9))
    said = routed("--pools", file, *ENDS, "--amount", 2 * 10**7)
    half = 10**7 * 2 * 10**9 // (10**9 + 10**7)
    whole = 2 * 10**7 * 2 * 10**9 // (10**9 + 2 * 10**7)
    assert abs(int(said["amount_out"]["raw"]) - 2 * half) <= 1
    assert int(said["single"]["amount"]["raw"]) == whole
    assert [leg["share"] for leg in said["legs"]] == ["50.00", "50.00"]
    assert int(said["bound"]["amount"]["raw"]) >= 2 * half
    assert sum(int(leg["amount_in"]["raw"]) for leg in said["legs"]) == 2 * 10**7


def test_a_path_that_costs_more_than_it_brings_is_left_out(tmp_path: Path) -> None:
    file = pairs(tmp_path, (10**9, 2 * 10**9), (10**9, 2 * 10**9))
    said = routed("--pools", file, *ENDS, "--amount", 2 * 10**7, "--path-cost", 10**9, "--hop-cost", 5)
    assert len(said["legs"]) == 1
    assert said["cost"]["raw"] == "5"


def test_an_auction_brings_the_symbols_and_decimals_of_its_tokens() -> None:
    said = routed("--pools", AUCTION, "--from", "WETH", "--to", "USDC", "--amount", "1000.0", "--max-paths", "3")
    assert said["amount_in"] == {
        "raw": str(10**21),
        "decimal": "1000.000000000000000000",
        "symbol": "WETH",
        "token": WETH,
    }
    assert int(said["amount_out"]["raw"]) >= int(said["single"]["amount"]["raw"])
    assert 1 < len(said["legs"]) <= 3
    assert said["bound"]["share_ppm"] <= 1_000_000


def test_an_exact_output_limits_and_exclusions_reach_the_search() -> None:
    asked = ("--pools", EXAMPLE, *ENDS, "--exact-out", "--amount", 10**9)
    said = routed(*asked, "--venues", "uniswap_v2", "--max-hops", "1", "--max-paths", "1", "--bound-any-hops")
    assert (said["exact"], said["amount_out"]["raw"]) == ("out", str(10**9))
    [leg] = said["legs"]
    assert [hop["venue"] for hop in leg["hops"]] == ["uniswap_v2"]
    # UniswapV2Library.getAmountIn.
    expected = 15_000 * 10**18 * 10**9 * 1000 // ((24 * 10**12 - 10**9) * 997) + 1
    assert said["amount_in"]["raw"] == str(expected)
    assert int(said["bound_any_hops"]["amount"]["raw"]) <= int(said["bound"]["amount"]["raw"])
    dai = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
    without = routed(*asked, "--exclude", dai)
    assert all(len(leg["hops"]) == 1 for leg in without["legs"])


def test_an_exact_output_is_in_units_of_what_is_got_and_costs_are_in_what_is_paid() -> None:
    named = ("--token", f"WETH={WETH}:18", "--token", f"USDC={USDC}:6")
    ends = ("--from", "WETH", "--to", "USDC")
    asked = ("--pools", EXAMPLE, *named, *ends, "--exact-out", "--amount", "1000.0", "--hop-cost", "0.001")
    said = routed(*asked, "--max-hops", "1", "--max-paths", "1")
    assert said["amount_out"] == {"raw": str(1000 * 10**6), "decimal": "1000.000000", "symbol": "USDC", "token": USDC}
    assert said["cost"] == {"raw": str(10**15), "decimal": "0.001000000000000000", "symbol": "WETH", "token": WETH}


def test_people_see_legs_shares_the_bound_and_the_single_path() -> None:
    said = tradewind("route", "--pools", EXAMPLE, *ENDS, "--amount", 10**20)
    assert said.exit_code == 0
    for word in ("share", "uniswap_v3", "best single path", "no routing gives more than", "4 pools"):
        assert word in said.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "option", "code"),
    [
        ((*ENDS, "--amount", "0"), 2, "--amount", "amount_zero"),
        ((*ENDS, "--amount", "1", "--max-hops", "9"), 2, "--max-hops", "max_hops_out_of_range"),
        ((*ENDS, "--amount", "1", "--max-hops", "-1"), 2, "--max-hops", "integer_out_of_range"),
        ((*ENDS, "--amount", "1", "--max-paths", "0"), 2, "--max-paths", "max_paths_out_of_range"),
        ((*ENDS, "--amount", "1", "--venues", "sushi"), 2, "--venues", "unknown_venue"),
        ((*ENDS, "--amount", "1", "--exclude", USDC), 2, "--to", "token_excluded"),
        (("--from", WETH, "--to", WETH, "--amount", "1"), 2, "--to", "same_token"),
        (("--from", WETH, "--to", "0x" + "9" * 40, "--amount", "1"), 2, "--to", "unknown_token"),
        ((*ENDS, "--amount", "1000", "--venues", "orca_whirlpool"), 1, None, "no_route"),
        ((*ENDS, "--amount", str(10**30), "--exact-out"), 1, None, "insufficient_liquidity"),
    ],
)
def test_a_mistake_names_the_option(arguments: tuple[str, ...], exit_code: int, option: str | None, code: str) -> None:
    said = tradewind("route", "--pools", EXAMPLE, *arguments, "--json")
    assert (said.exit_code, said.error["code"]) == (exit_code, code)
    if option is not None:
        assert [fault["field"] for fault in said.error["faults"]] == [option]
    else:
        assert said.error["remedy"]


def test_what_is_not_to_be_had_is_said_in_units_of_the_tokens() -> None:
    known = ("--token", f"WETH={WETH}:18", "--token", f"USDC={USDC}:6")
    much = tradewind("route", "--pools", EXAMPLE, *ENDS, *known, "--amount", str(10**30), "--exact-out", "--json")
    assert much.error["message"].startswith("no path can fill 1,000,000,000,000,000,000,000,000 USDC;")
    little = tradewind("route", "--pools", EXAMPLE, *ENDS, *known, "--amount", "1", "--json")
    assert little.error["message"].startswith("0.000000000000000001 WETH is so little")


def test_the_picture_shows_every_leg_as_wide_as_its_share_and_both_prices(tmp_path: Path) -> None:
    picture = tmp_path / "route.svg"
    said = tradewind("route", "--pools", EXAMPLE, *ENDS, "--amount", 10**20, "--plot", picture, "--json")
    root = ET.fromstring(picture.read_text())  # noqa: S314
    bands = [box for box in root.iter(f"{SVG}rect") if (box.get("class") or "").startswith("flow")]
    shares = [float(leg["share"]) for leg in said.document["legs"]]
    assert len(bands) == len(shares) == 3
    widths = [float(band.get("height") or 0) for band in bands]
    assert widths[0] / widths[1] == pytest.approx(shares[0] / shares[1], rel=0.01)
    lines = [line.get("class") for line in root.iter(f"{SVG}polyline") if line.get("class") in {"single", "split"}]
    assert sorted(map(str, lines)) == ["single"] * 3 + ["split"] * 3
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {f"{leg['share']} %" for leg in said.document["legs"]} <= words
    assert "uniswap v3  0.3 %" in words


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "route.svg"
    said = tradewind("route", "--pools", EXAMPLE, *ENDS, "--amount", 10**18, "--plot", target, "--json")
    assert (said.exit_code, said.error["code"]) == (3, "file_unwritable")


def test_a_symbol_that_a_file_gives_cannot_write_markup(tmp_path: Path) -> None:
    auction = json.loads(AUCTION.read_text())
    auction["tokens"][WETH.lower()]["alias"] = "[red]</text>"
    file = tmp_path / "auction.json"
    file.write_text(json.dumps(auction))
    said = tradewind("route", "--pools", file, "--from", WETH, "--to", "USDC", "--amount", "1.0")
    assert said.exit_code == 0
    assert "pays           1 0xC02a…6Cc2" in said.stdout


def test_a_cycle_gains_what_trying_every_input_finds(tmp_path: Path) -> None:
    file = pairs(tmp_path, (100_000, 220_000), (100_000, 200_000))

    def back(paid: int) -> int:
        got = paid * 220_000 // (100_000 + paid)
        return got * 100_000 // (200_000 + got)

    best = max(back(paid) - paid for paid in range(50_000))
    said = tradewind("cycles", "--pools", file, "--base", WETH, "--cycle-cost", "10", "--json").document
    assert said["found"] == len(said["cycles"]) == 1
    assert int(said["cycles"][0]["profit"]["raw"]) == best - 10
    assert [hop["pool"][-1] for hop in said["cycles"][0]["hops"]] == ["1", "2"]
    nothing = tradewind("cycles", "--pools", file, "--base", WETH, "--hop-cost", str(best))
    assert (nothing.exit_code, nothing.stdout.startswith("0 cycles gain")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "option", "code"),
    [
        (("--base", WETH, "--max-hops", "1"), "--max-hops", "cycle_hops_out_of_range"),
        (("--base", "0x" + "9" * 40), "--base", "unknown_token"),
        (("--base", "XYZ"), "--base", "symbol_unknown"),
        (("--base", WETH, "--hop-cost", "x"), "--hop-cost", "amount_malformed"),
    ],
)
def test_a_mistake_about_cycles_names_the_option(arguments: tuple[str, ...], option: str, code: str) -> None:
    said = tradewind("cycles", "--pools", EXAMPLE, *arguments, "--json")
    assert (said.exit_code, said.error["code"]) == (2, code)
    assert said.error["faults"][0]["field"] == option


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "json_malformed"),
        ("[" * 100_000, "json_malformed"),
        ('{"pools": 1}', "json_shape"),
        ('{"pools": [{"venue": "sushi"}]}', "venue_unknown"),
        ('{"amms": {}}', "auction_malformed"),
        ('{"tokens": {"0x12": 5}, "amms": {}, "orders": {}}', "address_malformed"),
    ],
)
def test_a_file_that_holds_no_pools_is_refused_by_what_is_wrong_in_it(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "pools.json"
    file.write_text(text)
    said = tradewind("route", "--pools", file, *ENDS, "--amount", "1", "--json")
    assert (said.exit_code, said.error["code"]) == (2, code)
    assert said.error["faults"][0]["field"] == "--pools"
