"""The configuration file: what is right is read exactly, what is wrong is named with file, key, fault and remedy."""

import json
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import pytest
from eth_utils.address import to_checksum_address

from tradewind.domain.asset import Asset
from tradewind.errors import Fault, InvalidInput, Misconfigured
from tradewind.settings import Settings, redact_url

EXAMPLE = files("tradewind").joinpath("configs", "arbitrum.toml").read_text(encoding="utf-8")
SECRET = "0f5e1c9a7b3d4e6f8a1b2c3d4e5f6a7b"


def write(folder: Path, *replacements: tuple[str, str]) -> Path:
    """The example with parts of it replaced, each of which must be there."""
    text = EXAMPLE
    for old, new in replacements:
        assert old in text, f"the example has no {old!r}"
        text = text.replace(old, new, 1)
    path = folder / "service.toml"
    path.write_text(text)
    return path


def faults_of(path: Path) -> dict[str, Fault]:
    """What loading complains about, by key path; every complaint names the file."""
    with pytest.raises(InvalidInput) as caught:
        Settings.load(path)
    assert str(path) in str(caught.value)
    return {fault.field: fault for fault in caught.value.faults}


def test_the_example_is_read_with_the_addresses_of_arbitrum_one(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path))
    chain = settings.chains[42161]
    venue = chain.venues.uniswap_v3
    assert venue is not None
    assert venue.factory == "0x1F98431c8aD98523631AE4a59f267346ea31F984"
    assert venue.router == "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
    assert venue.quoter == "0x61fFE014bA17989E743c5F6cB21bF9697530B21e"
    assert chain.multicall == "0xcA11bde05977b3631167028862bE2a173976CA11"
    assert venue.fees_pips == (100, 500, 3_000, 10_000)
    assert chain.rpc_urls == ("http://127.0.0.1:8545",)


def test_the_strategy_of_the_example_pays_from_the_test_account(tmp_path: Path) -> None:
    strategy = Settings.load(write(tmp_path)).strategies["example"]
    assert strategy.name == "example"
    assert strategy.id == UUID("a1b2c3d4-e5f6-7890-1234-567890abcdef")
    assert strategy.wallet == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_the_token_list_knows_the_tokens_of_the_example(tmp_path: Path) -> None:
    tokens = Settings.load(write(tmp_path)).token_list()
    address = to_checksum_address("0xaf88d065e77c8cc2239327c5edb3a432268e5831")
    usdc = tokens.check(Asset(symbol="USDC", address=address, decimals=6, chain_id=42161), "asset")
    assert usdc.permit is not None
    assert (usdc.permit.name, usdc.permit.version) == ("USD Coin", "2")
    assert tokens.symbols(42161) == ["ARB", "USDC", "WETH"]


def test_the_values_written_in_the_example_are_the_defaults(tmp_path: Path) -> None:
    defaulted = [
        "port = 8420",
        'host = "127.0.0.1"            # loopback only; use a tunnel to reach it from elsewhere',
        "max_body_bytes = 65536",
        "writes_burst = 100\n",
        "reads_per_s = 200\n",
        "reads_burst = 400\n",
        "writes_per_s = 50",
        "poll_interval_ms = 250",
        "rpc_timeout_ms = 10000",
        "confirmations = 1",
        "max_hops = 3",
        "fees_pips = [100, 500, 3000, 10000]",
        'data_dir = "data"',
        'signer_socket = "signer.sock"',
        "gas_limit_max = 5000000",
        "base_fee_multiplier_percent = 200",
        "gas_padding_percent = 30",
        "recovery_half_life_ms = 60000",
        "min_slice_interval_ms = 10000",
    ]
    full = Settings.load(write(tmp_path))
    assert Settings.load(write(tmp_path, *((line, "") for line in defaulted))) == full


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = write(folder, ('data_dir = "data"', 'data_dir = "../var"'))
    monkeypatch.chdir(tmp_path)
    settings = Settings.load(Path("etc/service.toml"))
    assert settings.data_dir == folder / ".." / "var"
    assert settings.signer_socket == folder / "signer.sock"
    assert settings.token_file == folder / ".." / "var" / "api.token"
    assert settings.journal_file == folder / ".." / "var" / "journal.db"
    assert Settings.load(path) == settings


def test_a_token_file_of_its_own_and_absolute_paths_are_taken_as_they_are(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ('data_dir = "data"', 'data_dir = "/var/lib/tradewind"'),
        ('# token_file = "api.token" ', 'token_file = "keys/my.token" #'),
    )
    settings = Settings.load(path)
    assert settings.data_dir == Path("/var/lib/tradewind")
    assert settings.token_file == tmp_path / "keys" / "my.token"


def test_several_mistakes_are_named_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ("port = 8420", 'port = "8420"'),
        ('host = "127.0.0.1"', 'host = "0.0.0.0"'),
        ("poll_interval_ms = 250", "poll_interval_ms = 0"),
        ("0x1F98431c8aD98523631AE4a59f267346ea31F984", "0x1f98431c8aD98523631AE4a59f267346ea31F984"),
        ("max_slippage_bps = 100", "max_slipage_bps = 100"),
        ('id = "a1b2c3d4-e5f6-7890-1234-567890abcdef"', 'id = "a1b2"'),
    )
    faults = faults_of(path)
    assert {field: fault.code for field, fault in faults.items()} == {
        "api.port": "wrong_type",
        "api.host": "bind_not_loopback",
        "chains.42161.poll_interval_ms": "value_out_of_range",
        "chains.42161.venues.uniswap_v3.factory": "address_checksum",
        "strategies.example.max_slipage_bps": "unknown_field",
        "strategies.example.id": "uuid_malformed",
    }


@pytest.mark.parametrize(
    ("old", "new", "field", "nearest"),
    [
        ("[api]", "[apii]", "apii", "api"),
        ("data_dir =", "datadir =", "datadir", "data_dir"),
        ("port =", "prot =", "api.prot", "port"),
        ("confirmations =", "confirmatons =", "chains.42161.confirmatons", "confirmations"),
        ("gas_limit_max =", "gas_limt_max =", "chains.42161.gas.gas_limt_max", "gas_limit_max"),
        ("decimals = 6", "decimals = 6\npermitt = 1", "chains.42161.tokens.1.permitt", "permit"),
        ('version = "2" }', 'version = "2", nam = "x" }', "chains.42161.tokens.1.permit.nam", "name"),
        ("venues.uniswap_v3]", "venues.uniswap_v33]", "chains.42161.venues.uniswap_v33", "uniswap_v3"),
        ("max_hops =", "max_hop =", "chains.42161.venues.uniswap_v3.max_hop", "max_hops"),
        ("max_price_impact_bps =", "max_impact_bps =", "strategies.example.max_impact_bps", "max_price_impact_bps"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_one_of_its_own_section(
    tmp_path: Path, old: str, new: str, field: str, nearest: str
) -> None:
    fault = faults_of(write(tmp_path, (old, new)))[field]
    assert fault.code == "unknown_field"
    assert fault.message == f'is not a setting. Did you mean "{nearest}"?'


def test_an_unknown_key_that_is_near_to_nothing_gets_the_list_of_its_section(tmp_path: Path) -> None:
    fault = faults_of(write(tmp_path, ("[api]", "[api]\nzzz = 1")))["api.zzz"]
    assert fault.message.endswith(
        "Known here: host, max_body_bytes, max_open_intents, port, reads_burst, reads_per_s, token_file, writes_burst, "
        "writes_per_s."
    )


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.5", "8.8.8.8", "localhost", "", "127.0.0.1:80", "127.1"],  # noqa: S104 (refused)
)
def test_a_host_that_is_not_a_loopback_address_is_refused(tmp_path: Path, host: str) -> None:
    fault = faults_of(write(tmp_path, ('host = "127.0.0.1"', f'host = "{host}"')))["api.host"]
    assert fault.code == "bind_not_loopback"
    assert "127.0.0.1" in fault.message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1"])
def test_every_loopback_address_is_taken(tmp_path: Path, host: str) -> None:
    assert Settings.load(write(tmp_path, ('host = "127.0.0.1"', f'host = "{host}"'))).api.host == host


@pytest.mark.parametrize(
    ("old", "new", "field", "code"),
    [
        ("port = 8420", "port = 65536", "api.port", "value_out_of_range"),
        ("port = 8420", "port = 8420.0", "api.port", "wrong_type"),
        ("port = 8420", "port = true", "api.port", "wrong_type"),
        ("confirmations = 1", 'confirmations = "one"', "chains.42161.confirmations", "wrong_type"),
        ('name = "Arbitrum One"\n', "", "chains.42161.name", "field_missing"),
        ('rpc_urls = ["http://127.0.0.1:8545"]', "rpc_urls = []", "chains.42161.rpc_urls", "value_out_of_range"),
        ("fees_pips = [100,", "fees_pips = [100, 100,", "chains.42161.venues.uniswap_v3.fees_pips", "listed_twice"),
        (
            "fees_pips = [100,",
            "fees_pips = [1000000,",
            "chains.42161.venues.uniswap_v3.fees_pips.0",
            "value_out_of_range",
        ),
        ("max_hops = 3", "max_hops = 5", "chains.42161.venues.uniswap_v3.max_hops", "value_out_of_range"),
        ('WETH = "20"', "WETH = 20", "strategies.example.max_amount.WETH", "amount_not_a_string"),
        ("max_slices = 8 ", "max_slices = 0 ", "strategies.example.max_slices", "value_out_of_range"),
        ("half_life_ms = 60000", "half_life_ms = 0", "chains.42161.recovery_half_life_ms", "value_out_of_range"),
        (
            "[strategies.example.max_amount]",
            'min_slice = { WBTC = "1" }\n[strategies.example.max_amount]',
            "strategies.example.min_slice.WBTC",
            "token_not_listed",
        ),
        ('WETH = "20"', 'WETH = "-20"', "strategies.example.max_amount.WETH", "amount_malformed"),
        ('WETH = "20"', 'WBTC = "20"', "strategies.example.max_amount.WBTC", "token_not_listed"),
        ('USDC = "50000"', 'USDC = "0.0000001"', "strategies.example.max_amount.USDC", "amount_too_precise"),
        ('USDC = "50000"', f'USDC = "{"9" * 77}"', "strategies.example.max_amount.USDC", "amount_too_large"),
        ('wrapped_native = "WETH"', 'wrapped_native = "WBNB"', "chains.42161.wrapped_native", "token_not_listed"),
        ('symbol = "ARB"', 'symbol = "USDC"', "chains.42161.tokens.USDC", "token_listed_twice"),
        ('["USDC"]', '["USDC", "DAI"]', "chains.42161.stable_symbols", "token_not_listed"),
        ('["USDC"]', '["USDC", "USDC"]', "chains.42161.stable_symbols", "listed_twice"),
        (
            "reference_probe_usd = 10000",
            "reference_probe_usd = 0",
            "chains.42161.reference_probe_usd",
            "value_out_of_range",
        ),
        ("max_slippage_bps = 100", "max_slippage_bps = 0", "strategies.example.max_slippage_bps", "value_out_of_range"),
        ("[strategies.example]", '[strategies.example]\nname = "other"', "strategies", "strategy_named_twice"),
    ],
)
def test_a_wrong_value_is_named_by_its_key_path(tmp_path: Path, old: str, new: str, field: str, code: str) -> None:
    faults = faults_of(write(tmp_path, (old, new)))
    assert faults[field].code == code
    assert faults[field].message[-1] in ".!?"


def test_a_chain_may_be_named_as_in_caip2_but_not_otherwise(tmp_path: Path) -> None:
    text = EXAMPLE.replace("chains.42161", 'chains."eip155:42161"')
    (tmp_path / "a.toml").write_text(text)
    assert list(Settings.load(tmp_path / "a.toml").chains) == [42161]
    for name, code in (("arbitrum", "chain_unknown"), ("101", "chain_unsupported"), ("0", "value_out_of_range")):
        (tmp_path / "b.toml").write_text(EXAMPLE.replace("chains.42161", f"chains.{name}"))
        assert code in {fault.code for fault in faults_of(tmp_path / "b.toml").values()}


def test_two_strategies_cannot_share_an_id(tmp_path: Path) -> None:
    second = (
        '[strategies.other]\nid = "a1b2c3d4-e5f6-7890-1234-567890abcdef"\n'
        'wallet = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"\n\n[strategies.example]'
    )
    faults = faults_of(write(tmp_path, ("[strategies.example]", second)))
    assert {fault.code for fault in faults.values()} == {"strategy_id_twice"}


def test_a_socket_path_that_the_kernel_would_cut_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ('signer_socket = "signer.sock"', f'signer_socket = "/{"x" * 107}"'))
    fault = faults_of(path)["signer_socket"]
    assert fault.code == "socket_path_too_long"
    assert "108 bytes" in fault.message
    longest = write(tmp_path, ('signer_socket = "signer.sock"', f'signer_socket = "/{"x" * 106}"'))
    assert len(str(Settings.load(longest).signer_socket)) == 107


def test_a_file_that_is_missing_or_unreadable_is_named(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.toml", "config_missing"), (tmp_path, "config_unreadable")):
        with pytest.raises(Misconfigured) as caught:
            Settings.load(path)
        assert caught.value.code == code
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"a = \n", "line 1"),
        (b"a = 1\na = 2\n", "line 2"),
        (b"\xff\xfe", "byte 0"),
        (b"a = " + b"[" * 5_000, "not TOML"),
    ],
)
def test_a_file_that_is_not_toml_is_refused_with_the_place(tmp_path: Path, content: bytes, hint: str) -> None:
    path = tmp_path / "service.toml"
    path.write_bytes(content)
    fault = faults_of(path)["(whole)"]
    assert fault.code == "toml_malformed"
    assert hint in fault.message


def test_an_empty_file_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_text("")
    assert faults_of(tmp_path / "service.toml")["chains"].code == "field_missing"


@pytest.mark.parametrize(
    "url", ["ftp://node", "http://", "node:8545", "http://[::1", "http://a b", "http://h:99999", ""]
)
def test_a_url_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    faults = faults_of(write(tmp_path, ("http://127.0.0.1:8545", url)))
    assert faults["chains.42161.rpc_urls.0"].code == "url_malformed"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://arb1.example.org/rpc", "https://arb1.example.org/rpc"),
        (f"https://arb.example.org/v2/{SECRET}", "https://arb.example.org/v2/***"),
        (f"https://user:{SECRET}@node.example.org/", "https://***@node.example.org/"),
        (f"https://{SECRET}@node.example.org:443", "https://***@node.example.org:443"),
        (f"https://node.example.org/?network=arbitrum&key={SECRET}", "https://node.example.org/?network=***&key=***"),
        (f"https://node.example.org/?{SECRET}", "https://node.example.org/?***"),
        (f"https://node.example.org/{SECRET}/arb?x=", "https://node.example.org/***/arb?x=***"),
        (f"https://node.example.org/rpc#{SECRET}", "https://node.example.org/rpc"),
        ("https://node.example.org/v3/abc12345", "https://node.example.org/v3/***"),
    ],
)
def test_what_looks_like_a_key_in_a_url_is_not_shown(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    "url",
    [f"https://node.example.org/v2/{SECRET}", f"https://u:{SECRET}@node.example.org", f"https://n.org?k={SECRET}"],
)
def test_a_secret_in_a_url_is_kept_for_use_and_appears_nowhere_else(tmp_path: Path, url: str) -> None:
    settings = Settings.load(write(tmp_path, ("http://127.0.0.1:8545", url)))
    assert settings.chains[42161].rpc_urls == (url,)
    for shown in (repr(settings), str(settings), repr(settings.chains), json.dumps(settings.redacted())):
        assert SECRET not in shown


def test_a_secret_in_a_url_that_is_wrong_is_not_repeated_in_the_complaint(tmp_path: Path) -> None:
    path = write(tmp_path, ("http://127.0.0.1:8545", f"htps://user:{SECRET}@node.example.org/{SECRET}"))
    with pytest.raises(InvalidInput) as caught:
        Settings.load(path)
    told = [str(caught.value), *(f"{fault.field} {fault.message}" for fault in caught.value.faults)]
    assert SECRET not in "\n".join(told)
    assert caught.value.__suppress_context__


def test_the_digest_is_the_same_for_the_same_meaning_and_another_for_another(tmp_path: Path) -> None:
    digest = Settings.load(write(tmp_path)).digest()
    same = [
        write(tmp_path, ("# Tradewind service", "# Another comment")),
        write(tmp_path, ("port = 8420", "port   =  8_420")),
        write(tmp_path, ("max_hops = 3", "")),
    ]
    assert len(digest) == 64
    for path in same:
        assert Settings.load(path).digest() == digest
    assert Settings.load(write(tmp_path, ("port = 8420", "port = 8421"))).digest() != digest
    assert Settings.load(write(tmp_path, ('WETH = "20"', 'WETH = "21"'))).digest() != digest


def test_the_digest_says_nothing_about_a_secret(tmp_path: Path) -> None:
    digests = {
        Settings.load(write(tmp_path, ("127.0.0.1:8545", f"node.example.org/v2/{key}"))).digest()
        for key in (SECRET, SECRET[::-1])
    }
    assert len(digests) == 1


def test_settings_do_not_change_once_loaded(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        settings.api.port = 1  # type: ignore[misc]


URLS = 'rpc_urls = ["http://127.0.0.1:8545"]'


def test_reads_what_is_asked_of_several_endpoints(tmp_path: Path) -> None:
    several = 'rpc_urls = ["http://one", "http://two"]\nquorum = 2\nmax_lag_blocks = 9\nrequests_per_s = 20'
    pinned = f'{several}\ngenesis_hash = "0x{"7e" * 32}"'
    settings = Settings.load(write(tmp_path, (URLS, pinned)))
    chain = settings.chains[42161]
    assert (chain.quorum, chain.max_lag_blocks, chain.requests_per_s) == (2, 9, 20)
    assert chain.genesis_hash == "0x" + "7e" * 32
    assert settings.chain_file(42161) == settings.data_dir / "chain-42161.json"


def test_what_is_asked_of_endpoints_has_defaults(tmp_path: Path) -> None:
    chain = Settings.load(write(tmp_path)).chains[42161]
    assert (chain.quorum, chain.max_lag_blocks, chain.requests_per_s, chain.genesis_hash) == (None, 40, None, None)


@pytest.mark.parametrize(
    ("text", "field", "code"),
    [
        (f"{URLS}\nquorum = 2", "chains.42161.quorum", "quorum_above_endpoints"),
        ('rpc_urls = ["http://one", "http://one"]', "chains.42161.rpc_urls", "listed_twice"),
        ('rpc_urls = ["http://one", "http://ONE:80/"]', "chains.42161.rpc_urls", "listed_twice"),
        ('rpc_urls = ["https://one/key", "https://one:443/key/"]', "chains.42161.rpc_urls", "listed_twice"),
    ],
)
def test_refuses_a_quorum_that_cannot_be_had_and_an_endpoint_that_would_vote_twice(
    tmp_path: Path, text: str, field: str, code: str
) -> None:
    assert faults_of(write(tmp_path, (URLS, text)))[field].code == code


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("genesis_hash", '"0x12"'),
        ("genesis_hash", '"7e"'),
        ("quorum", "0"),
        ("max_lag_blocks", "0"),
        ("requests_per_s", "0"),
        ("requests_per_s", "1.5"),
    ],
)
def test_refuses_what_endpoints_cannot_be_asked(tmp_path: Path, key: str, value: str) -> None:
    assert f"chains.42161.{key}" in faults_of(write(tmp_path, (URLS, f"{URLS}\n{key} = {value}")))
