"""`tradewind init`."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.unit.cli.terminal import tradewind
from tradewind.domain.intent import Intent
from tradewind.settings import Settings

# The example of the specification, as its own document gives it.
SPECIFIED_INTENT = {
    "strategy_id": "a1b2c3d4-e5f6-7890-1234-567890abcdef",
    "intent_type": "acquire",
    "assets": [
        {
            "asset": {
                "symbol": "WETH",
                "address": "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1",
                "decimals": 18,
                "chain_id": 42161,
            },
            "amount": "1.5",
        },
        {
            "asset": {
                "symbol": "USDC",
                "address": "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
                "decimals": 6,
                "chain_id": 42161,
            }
        },
    ],
    "constraints": {"max_slippage": "0.005", "time_window_ms": 300000, "execution_style": "aggressive"},
}


def test_writes_a_configuration_that_the_service_accepts(tmp_path: Path) -> None:
    said = tradewind("init", tmp_path / "desk")
    assert said.exit_code == 0
    settings = Settings.load(tmp_path / "desk" / "arbitrum.toml")
    assert settings.data_dir == tmp_path / "desk" / "data"
    assert "tradewind up --config" in said.stdout


def test_the_two_configurations_agree_on_socket_tokens_wallet_and_router(tmp_path: Path) -> None:
    tradewind("init", tmp_path)
    service = Settings.load(tmp_path / "arbitrum.toml")
    signer = tomllib.loads((tmp_path / "signer.toml").read_text())
    chain, allowed = service.chains[42161], signer["chains"]["42161"]
    assert service.signer_socket == tmp_path / signer["socket"]
    assert {(t.symbol, t.address, t.decimals) for t in chain.tokens} == {
        (t["symbol"], t["address"], t["decimals"]) for t in allowed["tokens"]
    }
    assert {s.wallet for s in service.strategies.values()} == {wallet["address"] for wallet in signer["wallets"]}
    assert chain.venues.uniswap_v3 is not None
    assert allowed["routers"] == [chain.venues.uniswap_v3.router]


def test_the_intent_is_the_example_of_the_specification(tmp_path: Path) -> None:
    tradewind("init", tmp_path)
    text = (tmp_path / "intent.json").read_text()
    assert json.loads(text) == SPECIFIED_INTENT
    Intent.model_validate_json(text)


@pytest.mark.parametrize("name", ["arbitrum.toml", "signer.toml", "intent.json"])
def test_never_overwrites_and_then_writes_nothing_at_all(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    said = tradewind("init", tmp_path, "--json")
    assert said.exit_code == 1
    assert said.error["code"] == "file_exists"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_with_json_the_written_files_are_listed(tmp_path: Path) -> None:
    said = tradewind("init", tmp_path, "--json")
    assert {Path(path) for path in said.document["written"]} == set(tmp_path.iterdir())
