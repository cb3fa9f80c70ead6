"""`tradewind sweep`: what it refuses before it reads a chain."""

from pathlib import Path

import pytest

from tests import builders
from tests.unit.cli.terminal import tradewind


@pytest.fixture
def config(tmp_path: Path) -> Path:
    assert tradewind("init", tmp_path).exit_code == 0
    return tmp_path / "arbitrum.toml"


def test_a_wallet_on_solana_is_refused_for_its_chain_and_not_for_its_address(config: Path) -> None:
    to = builders.SOLANA_POOL
    said = tradewind(
        "sweep", "--wallet", builders.SOLANA_WALLET, "--to", to, "--chain", 101, "--config", config, "--json"
    )
    assert (said.exit_code, said.error["code"]) == (1, "chain_not_supported")
    assert said.error["message"] == "Wallets on Solana cannot be swept yet."
    assert "key pair file" in said.error["remedy"]


def test_a_wrong_address_is_named_in_words_that_can_be_read(config: Path) -> None:
    said = tradewind("sweep", "--wallet", "0x12", "--to", builders.WALLET, "--config", config)
    assert said.exit_code == 2
    assert "command line:" in said.stderr
    assert "--wallet" in said.stderr
    assert "is not right" not in said.stderr
