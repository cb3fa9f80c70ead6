"""The executor's settings: the variables of its deployment guide, a file, and what is refused."""

from pathlib import Path

import pytest

from tests import builders
from tradewind.errors import InvalidInput, Misconfigured
from tradewind.execution.executor_settings import ExecutorSettings, variables

LEAST = {"EXECUTOR_NAME": "jito-executor-1", "WALLETS": builders.SOLANA_WALLET, "RPC_ENDPOINT": "https://rpc.example"}
# As the deployment guide of executors has them.
GUIDE = {
    **LEAST,
    "EXECUTOR_ENABLED": "true",
    "RPC_BACKUPS": "https://one.example/key,https://two.example/solana",
    "JITO_BLOCK_ENGINE_URL": "https://mainnet.block-engine.example",
    "JITO_UUID": "your-jito-uuid",
    "JITO_TIP_BASE": "5000",
    "JITO_TIP_STEP": "1000",
    "KAMINO_MARKET_ADDRESS": builders.SOLANA_POOL,
    "COMPUTE_UNIT_LIMIT": "400000",
    "COMPUTE_UNIT_PRICE": "1000000",
    "CONFIRMATION_TIMEOUT": "30000",
    "CONFIRMATION_COMMITMENT": "confirmed",
    "NATS_URL": "nats://localhost:4222",
    "NATS_STREAM_EXECUTION": "PLANNED",
    "NATS_STREAM_EXECUTED": "EXECUTED",
    "NATS_STREAM_SYSTEM": "SYSTEM",
    "METRICS_ENABLED": "true",
    "METRICS_PORT": "9090",
}


def test_every_variable_of_the_deployment_guide_is_understood() -> None:
    settings = ExecutorSettings.load(None, {**GUIDE, "PATH": "/usr/bin"})
    assert set(GUIDE) <= set(variables())
    assert settings.rpc_backups == ("https://one.example/key", "https://two.example/solana")
    assert (settings.jito_tip_base, settings.jito_tip_step) == (5_000, 1_000)
    assert (settings.compute_unit_limit, settings.compute_unit_price) == (400_000, 1_000_000)
    assert (settings.confirmation_timeout, settings.confirmation_commitment) == (30_000, "confirmed")
    assert (settings.metrics_enabled, settings.metrics_port) == (True, 9_090)
    assert settings.wallets == (builders.SOLANA_WALLET,)


def test_streams_can_have_other_names() -> None:
    nats = ExecutorSettings.load(None, {**GUIDE, "NATS_STREAM_EXECUTION": "DESK"}).nats()
    assert (nats.stream_name("PLANNED"), nats.stream_name("EXECUTED")) == ("DESK", "EXECUTED")


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "executor.toml"
    file.write_text(
        f'executor_name = "from-file"\nwallets = ["{builders.SOLANA_WALLET}"]\n'
        'rpc_endpoint = "https://rpc.example"\nmetrics_port = 9100\n'
    )
    settings = ExecutorSettings.load(file, {"EXECUTOR_NAME": "from-environment"})
    assert (settings.executor_name, settings.metrics_port) == ("from-environment", 9_100)


@pytest.mark.parametrize("name", ["WALLET_1", "WALLET_5"])
def test_it_refuses_to_start_while_a_private_key_is_in_the_environment(name: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        ExecutorSettings.load(None, {**GUIDE, name: "5JSecretSecret"})
    assert refused.value.code == "wallet_keys_in_environment"
    assert "tradewind keys import --keys keys.age --solana-file id.json --delete" in str(refused.value)
    assert "5JSecretSecret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("WALLETS", "not-an-address", "address_malformed"),
        ("METRICS_PORT", "ninety", "wrong_type"),
        ("METRICS_PORT", "70000", "value_out_of_range"),
        ("CONFIRMATION_COMMITMENT", "soon", "value_not_allowed"),
        ("RPC_ENDPOINT", "ftp://rpc.example", "url_malformed"),
        ("NATS_URL", "localhost:4222", "url_malformed"),
        ("EXECUTOR_NAME", "two words", "string_pattern_mismatch"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ExecutorSettings.load(None, {**GUIDE, name: value})
    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_key_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "executor.toml"
    file.write_text("metrics_prot = 9100\n")
    with pytest.raises(InvalidInput) as refused:
        ExecutorSettings.load(file, LEAST)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("metrics_prot", "unknown_field")]


def test_what_is_shown_has_no_secret_in_it() -> None:
    secret = "0123456789abcdef0123456789"
    environment = {
        **GUIDE,
        "RPC_ENDPOINT": f"https://rpc.example/{secret}",
        "RPC_BACKUPS": f"https://one.example/?api-key={secret}",
        "JITO_UUID": secret,
        "NATS_URL": f"nats://user:{secret}@bus.example:4222",
    }
    settings = ExecutorSettings.load(None, environment)
    assert secret not in str(settings.redacted())
    assert secret not in repr(settings)
