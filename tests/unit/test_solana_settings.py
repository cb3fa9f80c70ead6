"""The [solana] table: what is wrong in it is named with its place and its remedy."""

from pathlib import Path

import pytest

from tradewind.errors import InvalidInput
from tradewind.settings import Settings

GENESIS = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
WALLET = "BJDRqVwUBmHihKCQb9M5iZsnJTs5owbEybVaqSAWLeqK"
GOOD = f"""
[solana]
rpc_urls = ["http://127.0.0.1:8899"]
genesis_hash = "{GENESIS}"
stable_symbols = ["USDC"]
pools = ["58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"]

[[solana.tokens]]
symbol = "SOL"
address = "So11111111111111111111111111111111111111112"
decimals = 9

[[solana.tokens]]
symbol = "USDC"
address = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
decimals = 6

[strategies.example]
id = "a1b2c3d4-e5f6-7890-1234-567890abcdef"
wallet = "{WALLET}"
"""


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "solana.toml"
    path.write_text(text)
    return Settings.load(path)


def test_solana_alone_is_a_configuration(tmp_path: Path) -> None:
    settings = loaded(tmp_path, GOOD)
    assert list(settings.every_chain()) == [101]
    assert [token.symbol for token in settings.token_list().on_chain(101)] == ["SOL", "USDC"]


def test_no_chain_at_all_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        loaded(tmp_path, "")
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("chains", "field_missing")]


@pytest.mark.parametrize(
    ("wrong", "by", "field", "code"),
    [
        ('["http://127.0.0.1:8899"]', "[]", "solana.rpc_urls", "value_out_of_range"),
        ('["http://127.0.0.1:8899"]', '["ftp://127.0.0.1"]', "solana.rpc_urls.0", "url_malformed"),
        (GENESIS, "0x12", "solana.genesis_hash", "address_malformed"),
        ('stable_symbols = ["USDC"]', 'stable_symbols = ["USDT"]', "solana.stable_symbols", "token_not_listed"),
        ('stable_symbols = ["USDC"]', 'wrapped_native = "WSOL"', "solana.wrapped_native", "token_not_listed"),
        ('stable_symbols = ["USDC"]', "quorum = 2", "solana.quorum", "quorum_above_endpoints"),
        (
            'stable_symbols = ["USDC"]',
            "max_compute_unit_price_micro_lamports = 9_999",
            "solana.max_compute_unit_price_micro_lamports",
            "bounds_crossed",
        ),
        ('stable_symbols = ["USDC"]', 'lane = "jito"', "solana.lane", "lane_missing"),
        ('stable_symbols = ["USDC"]', "stabel_symbols = []", "solana.stabel_symbols", "unknown_field"),
        ('stable_symbols = ["USDC"]', "max_hops = 9", "solana.max_hops", "value_out_of_range"),
        ('stable_symbols = ["USDC"]', 'websocket_urls = ["http://x"]', "solana.websocket_urls.0", "url_malformed"),
        (
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
            "solana.tokens.1.address",
            "address_malformed",
        ),
        (WALLET, "BJDRqVwUBmHihKCQb9M5iZsnJTs5owbEybVaqSAWLe", "strategies.example.wallet", "address_malformed"),
    ],
)
def test_each_mistake_is_named_where_it_stands(tmp_path: Path, wrong: str, by: str, field: str, code: str) -> None:
    assert wrong in GOOD
    with pytest.raises(InvalidInput) as refused:
        loaded(tmp_path, GOOD.replace(wrong, by, 1))
    assert (field, code) in [(fault.field, fault.code) for fault in refused.value.faults], refused.value.faults


JITO = """
[solana.jito]
regions = ["https://ny.example", "grpcs://ny.example:443", "grpc://127.0.0.1:9999"]
tip_floor_url = "https://tips.example/0123456789abcdef"
tip_stream_url = "wss://tips.example/0123456789abcdef"
"""


def test_block_engines_are_asked_over_http_or_grpc_and_their_pages_keep_their_secrets(tmp_path: Path) -> None:
    solana = loaded(tmp_path, GOOD + JITO).solana
    assert solana is not None
    assert solana.jito is not None
    assert len(solana.jito.regions) == 3
    assert "0123456789abcdef" not in str(loaded(tmp_path, GOOD + JITO).redacted())


@pytest.mark.parametrize(
    ("wrong", "by", "field"),
    [
        ("grpc://127.0.0.1:9999", "grpc://127.0.0.1:9999/api", "solana.jito.regions.2"),
        ("grpc://127.0.0.1:9999", "grpc://", "solana.jito.regions.2"),
        ("grpc://127.0.0.1:9999", "ws://127.0.0.1", "solana.jito.regions.2"),
        ("wss://tips", "https://tips", "solana.jito.tip_stream_url"),
    ],
)
def test_an_address_that_a_block_engine_cannot_have_is_named(tmp_path: Path, wrong: str, by: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        loaded(tmp_path, GOOD + JITO.replace(wrong, by, 1))
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(field, "url_malformed")]


def test_a_secret_in_an_endpoint_is_not_shown(tmp_path: Path) -> None:
    secret = "https://rpc.example/v2/0123456789abcdef"
    settings = loaded(tmp_path, GOOD.replace("http://127.0.0.1:8899", secret))
    assert "0123456789abcdef" not in str(settings.redacted())
    assert "0123456789abcdef" not in repr(settings)


def test_solana_among_the_evm_chains_is_told_its_place(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        loaded(tmp_path, GOOD + "\n[chains.101]\nname = 'x'\n")
    assert "chain_unsupported" in [fault.code for fault in refused.value.faults]
