"""Programs and accounts that a user brings: each form loads, and what is wrong is refused by name."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.fake_clock import FakeClock
from tests.integration.localnet_solana.asking import PROCESSED, Asking
from tradewind.errors import InvalidInput
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.account_files import read_accounts, read_program
from tradewind.localnet.solana.programs import RAYDIUM_AMM_V4, ensure_programs

OWNER = "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD"
DATA = bytes(range(200))
TEXT = base64.b64encode(DATA).decode()


async def test_accounts_of_every_form_stand_on_the_chain(tmp_path: Path) -> None:
    keys = [str(Keypair().pubkey()) for _ in range(7)]
    cli = {"lamports": 5_000_000, "data": [TEXT, "base64"], "owner": OWNER, "executable": False, "rentEpoch": 2**64 - 1}
    _write(tmp_path / "cli.json", {"pubkey": keys[0], "account": cli})
    _write(tmp_path / "flat.json", {"pubkey": keys[1], "lamports": 5_000_000, "data": TEXT, "owner": OWNER})
    (tmp_path / f"{keys[2]}.bin").write_bytes(DATA)
    (tmp_path / f"{keys[3]}.bin").write_bytes(DATA)
    _write(tmp_path / f"{keys[3]}.json", {"owner": OWNER, "lamports": 6_000_000})
    (tmp_path / "reserve.bin").write_bytes(DATA)
    pool = {"pool_address": keys[5], "pool_b64": TEXT, "tick_arrays": [{"address": keys[6], "data_b64": TEXT}]}
    _write(tmp_path / "snapshot.json", pool)
    wishes = [
        str(tmp_path / "cli.json"),
        str(tmp_path / "flat.json"),
        f"{OWNER}:{tmp_path / keys[2]}.bin",
        f"{tmp_path / keys[3]}.bin",
        f"{keys[4]}={OWNER}:{tmp_path / 'reserve.bin'}",
        str(tmp_path / "snapshot.json"),
    ]
    async with (
        SolanaLocalnet(clock=FakeClock(), automatic=False, servers=(), accounts=wishes) as chain,
        Asking(chain.rpc_url) as rpc,
    ):
        shown = [await rpc.value("getAccountInfo", key, {"encoding": "base64"}) for key in keys]
    assert [item["data"][0] for item in shown] == [TEXT] * 7
    clmm = "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK"
    assert [item["owner"] for item in shown] == [OWNER] * 5 + [clmm] * 2
    assert [item["lamports"] for item in shown[:2]] == [5_000_000] * 2
    assert shown[3]["lamports"] == 6_000_000


async def test_a_program_of_ones_own_is_deployed_under_its_address(tmp_path: Path) -> None:
    file = tmp_path / "copy.so"
    file.write_bytes(ensure_programs()[RAYDIUM_AMM_V4])
    program = str(Keypair().pubkey())
    wish = f"{program}={file}"
    async with (
        SolanaLocalnet(clock=FakeClock(), automatic=False, servers=(), programs=[wish]) as chain,
        Asking(chain.rpc_url) as rpc,
    ):
        account = await rpc.value(
            "getAccountInfo", program, PROCESSED | {"encoding": "base64", "dataSlice": {"offset": 0, "length": 4}}
        )
        assert program in chain.description.programs.values()
    assert (account["executable"], base64.b64decode(account["data"][0])) == (True, b"\x7fELF")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "account_file_shape"),
        (b"[]", "account_file_shape"),
        (b"{}", "account_file_shape"),
        (b'{"pubkey":"x","account":{"lamports":1,"data":["","base64"],"owner":"x"}}', "address_malformed"),
        (b'{"pubkey":"11111111111111111111111111111111","lamports":-1,"data":"","owner":"x"}', "account_file_shape"),
        (b'{"pubkey":"11111111111111111111111111111111","lamports":1,"data":"*","owner":"x"}', "account_file_shape"),
        (
            b'{"pubkey":"11111111111111111111111111111111","lamports":1,"data":["","base64+zstd"],"owner":"x"}',
            "account_encoding",
        ),
        (b'{"pubkey":"11111111111111111111111111111111","account":7}', "account_file_shape"),
        (b'{"pool_address":"x","pool_b64":"","tick_arrays":[]}', "address_malformed"),
    ],
)
def test_a_wrong_dump_is_refused_by_name(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "dump.json"
    file.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        read_accounts(str(file))
    assert refused.value.code == code
    assert str(file) in refused.value.message


def _raw_without_owner(folder: Path) -> object:
    (folder / "raw.bin").write_bytes(DATA)
    return read_accounts(str(folder / "raw.bin"))


def _raw_without_address(folder: Path) -> object:
    (folder / "raw.bin").write_bytes(DATA)
    return read_accounts(f"{OWNER}:{folder / 'raw.bin'}")


def _no_elf(folder: Path) -> object:
    (folder / "text.so").write_bytes(b"#!/bin/sh")
    return read_program(f"{OWNER}={folder / 'text.so'}")


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (_raw_without_owner, "account_owner_missing"),
        (_raw_without_address, "address_malformed"),
        (_no_elf, "program_not_elf"),
        (lambda folder: read_program(str(folder)), "program_option"),
        (lambda folder: read_program(f"{OWNER}={folder}"), "file_unreadable"),
        (lambda folder: read_accounts(str(folder / "nothing.json")), "file_unreadable"),
        (lambda _: read_accounts("\0"), "file_unreadable"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(tmp_path: Path, read: Callable[[Path], object], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path)
    assert refused.value.code == code


def test_the_pinned_programs_are_at_their_mainnet_addresses() -> None:
    named = {program.name: program.address for program in ensure_programs()}
    assert named["Raydium AMM v4"] == Pubkey.from_string("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
    assert named["PumpSwap"] == Pubkey.from_string("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA")


def _write(file: Path, document: object) -> None:
    file.write_text(json.dumps(document))
