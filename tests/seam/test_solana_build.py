"""Transactions that are built here, byte for byte against solders, and its encoders against ours."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders import compute_budget, system_program
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.token.associated import get_associated_token_address
from solders.transaction import VersionedTransaction

from tradewind import core

PAGE = Path(__file__).parents[2] / "docs" / "solana-transactions.md"
KIT = Path(__file__).parents[1] / "fixtures" / "solana" / "transaction_build" / "kit.json"
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
WALLET = Keypair.from_seed(bytes([7] * 32))
PAYER = WALLET.pubkey()
STOCK = [Pubkey(bytes([number * 37 % 256] + [number] * 31)) for number in range(1, 33)]
PROGRAMS = [Pubkey(bytes([200 + number] * 32)) for number in range(3)]

keys = st.sampled_from(STOCK)
pubkeys = st.binary(min_size=32, max_size=32).map(Pubkey)
uint64s = st.integers(0, 2**64 - 1)
uint32s = st.integers(0, 2**32 - 1)
# Six bytes of any kind keep a seed within 32 once it is UTF-8.
seeds = st.text(max_size=8)
accounts = st.tuples(keys | st.sampled_from([*PROGRAMS, PAYER]), st.booleans(), st.booleans())
instructions = st.builds(
    Instruction,
    st.sampled_from(PROGRAMS),
    st.binary(max_size=40),
    st.lists(accounts.map(lambda one: AccountMeta(*one)), max_size=12),
)
tables = st.lists(st.lists(st.sampled_from([*STOCK, PAYER, *PROGRAMS]), max_size=25, unique=True), max_size=3)


def ours(instruction: Instruction) -> core.SolanaInstruction:
    accounts = [(str(one.pubkey), one.is_signer, one.is_writable) for one in instruction.accounts]
    return core.SolanaInstruction(str(instruction.program_id), accounts, bytes(instruction.data))


def plain(instruction: core.SolanaInstruction | Instruction) -> tuple[str, list[tuple[str, bool, bool]], bytes]:
    if isinstance(instruction, Instruction):
        instruction = ours(instruction)
    return (
        instruction.program,
        [(account.key, account.signer, account.writable) for account in instruction.accounts],
        instruction.data,
    )


def builder(given: list[Instruction], blockhash: Hash) -> core.TransactionBuilder:
    built = core.TransactionBuilder().add_instructions([ours(one) for one in given])
    built.set_fee_payer(str(PAYER)).set_recent_blockhash(str(blockhash))
    return built.size_limit(100_000).account_limit(256)


hashes = st.binary(min_size=32, max_size=32).map(Hash)


@given(st.lists(instructions, min_size=1, max_size=5), hashes)
def test_a_legacy_message_is_that_of_solders(given: list[Instruction], blockhash: Hash) -> None:
    expected = bytes(Message.new_with_blockhash(given, PAYER, blockhash))
    transaction = builder(given, blockhash).build()
    assert (transaction.version, transaction.message) == ("legacy", expected)


@given(st.lists(instructions, min_size=1, max_size=5), hashes, tables)
def test_a_version_0_message_is_that_of_solders_with_the_tables_that_pay(
    given: list[Instruction], blockhash: Hash, held: list[list[Pubkey]]
) -> None:
    offered = {Pubkey(bytes([240 + at] * 32)): members for at, members in enumerate(held)}
    building = builder(given, blockhash).message_format("v0")
    for address, members in offered.items():
        building.add_lookup_table(str(address), [str(member) for member in members])
    transaction = building.build()
    read = [
        AddressLookupTableAccount(address, members)
        for address, members in offered.items()
        if str(address) in transaction.lookup_tables
    ]
    expected = MessageV0.try_compile(PAYER, given, read, blockhash)
    assert transaction.message == b"\x80" + bytes(expected)
    with_all = [AddressLookupTableAccount(address, members) for address, members in offered.items()]
    assert len(transaction.message) <= 1 + len(bytes(MessageV0.try_compile(PAYER, given, with_all, blockhash)))


def vectors(*, same_order: bool) -> list[dict[str, Any]]:
    """Recorded ones; kit sorts accounts by their text, which is the order of their bytes in half of them."""
    recorded = json.loads(KIT.read_text())["transactions"]
    return [one for one in recorded if one["same_order"] == same_order]


def signed_as(vector: dict[str, Any]) -> bytes:
    made = [
        core.SolanaInstruction(
            one["program"], [tuple(account) for account in one["accounts"]], bytes.fromhex(one["data"])
        )
        for one in vector["instructions"]
    ]
    building = core.TransactionBuilder().add_instructions(made).set_fee_payer(vector["payer"])
    building.set_recent_blockhash(vector["blockhash"])
    if vector["table"]:
        building.add_lookup_table(vector["table"]["address"], vector["table"]["addresses"])
    transaction = building.build()
    wallets = [Keypair.from_seed(bytes.fromhex(secret)) for secret in vector["secrets"]]
    return transaction.to_wire([bytes(wallet.sign_message(transaction.message)) for wallet in wallets])


def meaning(raw: bytes, vector: dict[str, Any]) -> list[tuple[str, list[tuple[str, bool, bool]], bytes]]:
    table = vector["table"]
    tables = {table["address"]: table["addresses"]} if table else {}
    return [plain(one) for one in core.decode_solana_transaction(raw, lookup_tables=tables).instructions]


@pytest.mark.parametrize("vector", vectors(same_order=True))
def test_a_signed_transaction_is_that_of_kit(vector: dict[str, Any]) -> None:
    assert signed_as(vector).hex() == vector["wire"]


@pytest.mark.parametrize("vector", vectors(same_order=False))
def test_where_kit_orders_accounts_otherwise_meaning_and_size_are_the_same(vector: dict[str, Any]) -> None:
    wire, kits = signed_as(vector), bytes.fromhex(vector["wire"])
    assert len(wire) == len(kits)
    assert meaning(wire, vector) == meaning(kits, vector)


def test_the_wire_bytes_are_those_that_solders_signs() -> None:
    moved = system_program.transfer({"from_pubkey": PAYER, "to_pubkey": STOCK[0], "lamports": 5})
    transaction = builder([moved], Hash.default()).build()
    expected = VersionedTransaction(Message.new_with_blockhash([moved], PAYER, Hash.default()), [WALLET])
    wire = transaction.to_wire([bytes(WALLET.sign_message(transaction.message))])
    assert wire == bytes(expected)
    assert transaction.size_bytes == len(wire)


@given(uint32s, uint64s)
def test_compute_budget_instructions(units: int, price: int) -> None:
    assert plain(core.set_compute_unit_limit(units)) == plain(compute_budget.set_compute_unit_limit(units))
    assert plain(core.set_compute_unit_price(price)) == plain(compute_budget.set_compute_unit_price(price))
    data_size = core.set_loaded_accounts_data_size_limit(units)
    assert plain(data_size) == plain(compute_budget.set_loaded_accounts_data_size_limit(units))


@given(pubkeys, pubkeys, uint64s)
def test_transfers(source: Pubkey, to: Pubkey, lamports: int) -> None:
    expected = system_program.transfer({"from_pubkey": source, "to_pubkey": to, "lamports": lamports})
    assert plain(core.solana_transfer(str(source), str(to), lamports)) == plain(expected)
    tip_lamports = max(lamports, 1_000)
    tip = core.jito_tip(str(source), core.JITO_TIP_ACCOUNTS[lamports % 8], tip_lamports)
    tip_account = Pubkey.from_string(core.JITO_TIP_ACCOUNTS[lamports % 8])
    expected = system_program.transfer({"from_pubkey": source, "to_pubkey": tip_account, "lamports": tip_lamports})
    assert plain(tip) == plain(expected)


def test_the_tip_accounts_are_those_that_jitos_program_derives() -> None:
    program = Pubkey.from_string("T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt")
    derived = [str(Pubkey.find_program_address([b"TIP_ACCOUNT_%d" % n], program)[0]) for n in range(8)]
    assert list(core.JITO_TIP_ACCOUNTS) == derived


@given(pubkeys, st.none() | pubkeys, seeds, pubkeys, pubkeys, uint64s, uint64s)
def test_accounts_with_a_seed(
    payer: Pubkey, other: Pubkey | None, seed: str, owner: Pubkey, to: Pubkey, lamports: int, space: int
) -> None:
    base = other or payer
    address = Pubkey.create_with_seed(base, seed, owner)
    assert core.address_with_seed(str(base), seed, str(owner)) == str(address)
    created = core.create_account_with_seed(
        payer=str(payer), base=str(base), seed=seed, lamports=lamports, space_bytes=space, owner=str(owner)
    )
    expected = system_program.create_account_with_seed(
        {
            "from_pubkey": payer,
            "to_pubkey": address,
            "base": base,
            "seed": seed,
            "lamports": lamports,
            "space": space,
            "owner": owner,
        }
    )
    assert plain(created) == plain(expected)
    moved = core.transfer_with_seed(base=str(base), seed=seed, owner=str(owner), to=str(to), lamports=lamports)
    expected = system_program.transfer_with_seed(
        {
            "from_pubkey": address,
            "from_base": base,
            "from_seed": seed,
            "from_owner": owner,
            "to_pubkey": to,
            "lamports": lamports,
        }
    )
    assert plain(moved) == plain(expected)


@given(pubkeys, pubkeys, st.booleans())
def test_token_account_addresses(owner: Pubkey, mint: Pubkey, extended: bool) -> None:
    program = Pubkey.from_string(TOKEN_2022) if extended else None
    expected = str(get_associated_token_address(owner, mint, program))
    given = (str(owner), str(mint), TOKEN_2022) if extended else (str(owner), str(mint))
    assert core.token_account_address(*given) == expected
    created = core.create_token_account(
        payer=str(PAYER), owner=given[0], mint=given[1], **({"token_program": TOKEN_2022} if extended else {})
    )
    assert created.accounts[1].key == expected


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: core.SolanaInstruction("x", [], b""), "key_malformed"),
    (lambda: core.SolanaInstruction(str(PAYER), [("x", True, True)], b""), "key_malformed"),
    (lambda: core.SolanaInstruction(str(PAYER), [], "data"), "bytes_required"),  # type: ignore[arg-type]
    (lambda: core.TransactionBuilder().build(), "fee_payer_missing"),
    (lambda: core.TransactionBuilder().set_fee_payer("0"), "key_malformed"),
    (lambda: core.TransactionBuilder().message_format("v1"), "message_format_unknown"),  # type: ignore[arg-type]
    (lambda: core.TransactionBuilder().add_lookup_table(str(PAYER), [str(PAYER)] * 257), "lookup_table_too_long"),
    (lambda: core.TransactionBuilder().size_limit(-1), "integer_out_of_range"),
    (
        lambda: core.TransactionBuilder().set_compute_budget(unit_limit=2**32, micro_lamports_per_unit=0),
        "integer_out_of_range",
    ),
    (lambda: core.solana_transfer(str(PAYER), str(PAYER), 1.0), "integer_required"),  # type: ignore[arg-type]
    (lambda: core.jito_tip(str(PAYER), str(PAYER), 1_000), "tip_account_unknown"),
    (lambda: core.jito_tip(str(PAYER), core.JITO_TIP_ACCOUNTS[0], 999), "tip_too_small"),
    (lambda: core.address_with_seed(str(PAYER), "s" * 33, str(PAYER)), "seed_too_long"),
    (
        lambda: core.address_with_seed(str(PAYER), "s", str(Pubkey(b"-" * 11 + b"ProgramDerivedAddress"))),
        "seed_owner_illegal",
    ),
    (lambda: core.receipt_address(str(PAYER), "0" * 31), "receipt_seed_malformed"),
    (lambda: core.receipt_address(str(PAYER), "A" * 32), "receipt_seed_malformed"),
    (lambda: core.token_account_address(str(PAYER), str(PAYER), str(PAYER)), "token_program_unknown"),
    (lambda: template(point=(9, 0, "u64")), "patch_point_outside"),
    (lambda: template(point=(0, 4, "u16")), "patch_place_malformed"),
    (lambda: template(point="unit_price"), "patch_point_outside"),
    (lambda: template().instantiate(str(PAYER), {"other": 1}), "patch_point_unknown"),
    (lambda: template(point=(0, 4, "u32")).instantiate(str(PAYER), {"lamports": 2**32}), "patch_value_too_large"),
    (lambda: template().instantiate(str(PAYER), {}).to_wire([]), "signature_count"),
    (lambda: template().instantiate(str(PAYER), {}).to_wire([bytes(63)]), "signature_malformed"),
]


def template(point: Any = (0, 4, "u64")) -> core.TransactionTemplate:
    building = core.TransactionBuilder().add_instruction(core.solana_transfer(str(PAYER), str(STOCK[0]), 5))
    return core.TransactionTemplate(building.set_fee_payer(str(PAYER)), {"lamports": point})


@pytest.mark.parametrize(("call", "code"), REFUSED)
def test_what_is_refused_has_its_code(call: Callable[[], Any], code: str) -> None:
    with pytest.raises(core.CoreError) as refused:
        call()
    assert refused.value.code == code


@given(uint64s, hashes)
def test_a_template_is_the_transaction_built_anew(lamports: int, blockhash: Hash) -> None:
    anew = core.TransactionBuilder().add_instruction(core.solana_transfer(str(PAYER), str(STOCK[0]), lamports))
    anew.set_fee_payer(str(PAYER)).set_recent_blockhash(str(blockhash))
    assert template().instantiate(str(blockhash), {"lamports": lamports}) == anew.build()


def test_a_transaction_that_is_too_large_says_by_how_much_and_what_would_help() -> None:
    wide = Instruction(PROGRAMS[0], b"", [AccountMeta(key, False, True) for key in STOCK] * 2)
    building = builder([wide], Hash.default()).size_limit(1232)
    over = building.planned_size().size_bytes - 1232
    needed = -(-(over + 36) // 31)
    with pytest.raises(
        core.CoreError, match=rf"{over} above the limit of 1232; a lookup table .* holds {needed} of "
    ) as refused:
        building.build()
    assert refused.value.code == "transaction_too_large"
    building.add_lookup_table(str(Pubkey(bytes([240] * 32))), [str(key) for key in STOCK[:needed]])
    assert building.build().size_bytes <= 1232


def test_a_decoded_transaction_is_built_again() -> None:
    moved = system_program.transfer({"from_pubkey": PAYER, "to_pubkey": STOCK[0], "lamports": 5})
    transaction = builder([moved], Hash.default()).build()
    decoded = core.decode_solana_transaction(transaction.to_wire([bytes(64)]))
    again = core.TransactionBuilder().add_instructions(decoded.instructions)
    again.set_fee_payer(str(PAYER)).set_recent_blockhash(decoded.recent_blockhash)
    assert again.build() == transaction


def test_the_examples_of_the_page_run() -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102  the page is ours
