"""What is redacted of an engine's lines, wherever in them it stands: a secret leaves the machine in no way."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fake_clock import FakeClock
from tradewind.commander.engine_line import EngineLine, parse_line
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.redaction import redacted, redacted_line
from tradewind.commander.strategy_file.settings import Logs
from tradewind.commander.triage.spool import Spool
from tradewind.commander.triage.triage import Triage

SIGNATURE = "5" * 87
MINT = "So11111111111111111111111111111111111111112"


@pytest.mark.parametrize(
    "secret",
    [
        '"private_key": "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d"',
        "mnemonic: word",
        "Authorization: Bearer abc.def",
        "password=hunter2",
        f"key file {json.dumps(list(range(64)))}",
        "https://rpc.example/v2/0123456789abcdefABCDEF?api-key=secret",
        "wss://user:hunter2@rpc.example",
        "https://api.telegram.org/bot123456789:AAF0123456789abcdefghijABCDEFGHIJ12/sendMessage",
        "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQ",
        "api_key='hunter2'",
    ],
)
def test_secrets_are_hidden(secret: str) -> None:
    said = redacted(f"before {secret} after")
    for part in ("4f3edf98", " word", "abc.def", "hunter2", "62, 63", "0123456789abcdef", "=secret", "QQQQ"):
        assert part not in said
    assert "***" in said
    assert said.startswith("before ")


def test_what_is_public_stays() -> None:
    line = f'{{"signature": "{SIGNATURE}", "token": "{MINT}", "tokens": 5, "rpc": "http://127.0.0.1:8899/"}}'
    assert redacted(line) == line


SECRETS = st.from_regex(r"S3CRET[a-z0-9 \\\\\"\'{}:,=]{0,12}S3CRET", fullmatch=True)
NAMES = st.sampled_from(
    [
        *("api_key", "API-KEY", "private_key", "password", "mnemonic", "client_secret", "auth_token", "Authorization"),
        *("keypair", "seed_phrase", "passphrase", "access_token"),
    ]
)


def shipped(folder: Path, line: EngineLine) -> list[str]:
    """What Loki and the chat are sent of a line."""
    loki, telegram = (Spool(folder / name, most_bytes=1 << 20) for name in ("loki", "telegram"))
    triage = Triage(InstanceFolder(folder, InstanceName("arb")), Logs(), FakeClock(), loki=loki, telegram=telegram)
    triage.hear(line)
    [pushed], [alert] = loki.take(9), telegram.take(9)
    json.loads(pushed["line"])
    return [pushed["line"], alert["text"]]


def ways(name: str, secret: str) -> list[dict[str, Any]]:
    """Lines that hold a secret by its name: in fields, in quotes, in JSON, in JSON within JSON."""
    as_json = json.dumps({name: secret})
    return [
        {"message": f"refused {as_json}"},
        {"message": f"refused {json.dumps({'inner': as_json})} at last"},
        {"message": f"with {name}={json.dumps(secret)} it failed"},
        {"message": f"with {name}: {json.dumps(secret)[:-1]}"},
        {"message": "", "answer": as_json, name: secret},
        {"message": "", "deep": [{"list": [{name: {"value": secret}}]}]},
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, secret=SECRETS, way=st.integers(0, 5))
def test_no_secret_that_is_named_leaves_the_machine_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, name: str, secret: str, way: int
) -> None:
    said = {"event": "odd", "level": "error", **ways(name, secret)[way]}
    raw = json.dumps(said)
    sent = shipped(tmp_path_factory.mktemp("spools"), parse_line(raw.encode(), now_ns=1))
    for text in (*sent, redacted_line(raw)):
        assert "S3CRET" not in text


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ('{"api_key": "SUPERSECRET1"}', '{"api_key": "***"}'),
        ('api_key="S2"', 'api_key="***"'),
        ('password: "a b" was wrong', 'password: "***" was wrong'),
        ("Authorization: Basic dXNlcjpwYXNz was wrong", "Authorization: *** was wrong"),
    ],
)
def test_what_is_around_a_secret_stays(tmp_path: Path, message: str, wanted: str) -> None:
    pushed, alert = shipped(tmp_path, EngineLine(1, "error", "odd", message))
    assert (json.loads(pushed)["message"], alert) == (wanted, f"arb/main error: odd: {wanted}")


def test_a_key_as_a_list_of_bytes_is_hidden_and_other_numbers_stay(tmp_path: Path) -> None:
    line = EngineLine(1, "error", "odd", "", {"key": list(range(64)), "sizes": [1, 2, 3], "password": None})
    pushed, _ = shipped(tmp_path, line)
    assert json.loads(pushed) == {"event": "odd", "message": "", "key": "***", "sizes": [1, 2, 3], "password": None}
