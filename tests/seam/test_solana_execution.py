"""Transactions that are built here, executed by the programs of the chain in LiteSVM."""

from dataclasses import dataclass, field

import pytest
from solders.account import Account
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from tradewind import core

TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
WRAPPED_SOL = {
    TOKEN: "So11111111111111111111111111111111111111112",
    # As Token-2022 derives it.
    TOKEN_2022: str(Pubkey.find_program_address([b"native-mint"], Pubkey.from_string(TOKEN_2022))[0]),
}
LOOKUP_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
SEED = "00112233445566778899aabbccddeeff"
SOL = 1_000_000_000
FEE_LAMPORTS = 5_000


@dataclass
class Chain:
    """LiteSVM with one wallet that pays."""

    svm: LiteSVM = field(default_factory=LiteSVM)
    wallet: Keypair = field(default_factory=lambda: Keypair.from_seed(bytes([3] * 32)))

    def __post_init__(self) -> None:
        self.svm.airdrop(self.wallet.pubkey(), 100 * SOL)

    @property
    def payer(self) -> str:
        return str(self.wallet.pubkey())

    def lamports(self, address: str) -> int:
        return self.svm.get_balance(Pubkey.from_string(address)) or 0

    def builder(self, *instructions: core.SolanaInstruction) -> core.TransactionBuilder:
        building = core.TransactionBuilder().add_instructions(instructions).set_fee_payer(self.payer)
        return building.set_recent_blockhash(str(self.svm.latest_blockhash()))

    def send(self, building: core.TransactionBuilder) -> TransactionMetadata | FailedTransactionMetadata:
        transaction = building.build()
        wire = transaction.to_wire([bytes(self.wallet.sign_message(transaction.message))])
        return self.svm.send_transaction(VersionedTransaction.from_bytes(wire))

    def land(self, building: core.TransactionBuilder) -> TransactionMetadata:
        done = self.send(building)
        assert isinstance(done, TransactionMetadata), done
        return done


@pytest.fixture
def chain() -> Chain:
    return Chain()


def somebody(number: int) -> str:
    return str(Pubkey(bytes([number] * 32)))


def test_a_second_copy_of_a_step_fails_whole(chain: Chain) -> None:
    paid = core.solana_transfer(chain.payer, somebody(50), SOL)
    chain.land(chain.builder(core.receipt_instruction(chain.payer, SEED), paid))
    receipt = core.receipt_address(chain.payer, SEED)
    assert chain.lamports(receipt) == core.RECEIPT_LAMPORTS
    assert chain.svm.minimum_balance_for_rent_exemption(0) == core.RECEIPT_LAMPORTS

    chain.svm.expire_blockhash()
    before = chain.lamports(chain.payer)
    again = chain.send(chain.builder(core.receipt_instruction(chain.payer, SEED), paid))
    assert isinstance(again, FailedTransactionMetadata)
    assert any("already in use" in line for line in again.meta().logs())
    assert chain.lamports(somebody(50)) == SOL
    assert chain.lamports(chain.payer) == before - FEE_LAMPORTS


def test_a_reclaimed_receipt_gives_its_lamports_back(chain: Chain) -> None:
    chain.land(chain.builder(core.receipt_instruction(chain.payer, SEED)))
    before = chain.lamports(chain.payer)
    chain.land(chain.builder(core.reclaim_receipt(chain.payer, SEED, chain.payer)))
    assert chain.lamports(chain.payer) == before + core.RECEIPT_LAMPORTS - FEE_LAMPORTS
    assert chain.lamports(core.receipt_address(chain.payer, SEED)) == 0


def test_a_receipt_costs_161_bytes_next_to_a_transfer(chain: Chain) -> None:
    paid = core.solana_transfer(chain.payer, somebody(50), SOL)
    without = chain.builder(paid).planned_size().size_bytes
    receipt = core.receipt_instruction(chain.payer, SEED)
    # Its address; program, two lengths and two indexes; tag, base, seed behind its length, lamports, space, owner.
    expected = 32 + (1 + 1 + 1 + 2) + (4 + 32 + 8 + 32 + 8 + 8 + 32)
    assert expected == 161
    assert chain.builder(receipt, paid).planned_size().size_bytes - without == expected


@pytest.mark.parametrize("program", [TOKEN, TOKEN_2022])
def test_sol_is_wrapped_and_unwrapped(chain: Chain, program: str) -> None:
    mint = WRAPPED_SOL[program]
    put_native_mint(chain, mint, program)
    account = core.token_account_address(chain.payer, mint, program)
    create = core.create_token_account(payer=chain.payer, owner=chain.payer, mint=mint, token_program=program)
    before = chain.lamports(chain.payer)
    chain.land(chain.builder(create, *core.wrap_sol(chain.payer, 2 * SOL, program)))
    chain.svm.expire_blockhash()
    # Made already: it does nothing.
    chain.land(chain.builder(create))
    held = chain.svm.get_account(Pubkey.from_string(account))
    assert held is not None
    assert int.from_bytes(held.data[64:72], "little") == 2 * SOL
    close = core.close_token_account(account=account, destination=chain.payer, owner=chain.payer, token_program=program)
    chain.land(chain.builder(close))
    assert chain.lamports(account) == 0
    assert chain.lamports(chain.payer) == before - 3 * FEE_LAMPORTS


def test_lamports_that_come_later_are_counted_by_sync_native(chain: Chain) -> None:
    mint = WRAPPED_SOL[TOKEN]
    put_native_mint(chain, mint, TOKEN)
    account = core.token_account_address(chain.payer, mint)
    chain.land(chain.builder(core.create_token_account(payer=chain.payer, owner=chain.payer, mint=mint)))
    chain.land(chain.builder(core.solana_transfer(chain.payer, account, 7), core.sync_native(account)))
    held = chain.svm.get_account(Pubkey.from_string(account))
    assert held is not None
    assert int.from_bytes(held.data[64:72], "little") == 7


def test_a_transaction_with_a_lookup_table_lands(chain: Chain) -> None:
    members = [somebody(60 + number) for number in range(20)]
    table = somebody(99)
    put_lookup_table(chain, table, members)
    building = chain.builder(*[core.solana_transfer(chain.payer, member, SOL) for member in members[:10]])
    tip = core.JITO_TIP_ACCOUNTS[3]
    building.add_instruction(core.jito_tip(chain.payer, tip, SOL)).add_lookup_table(table, [*members, tip])
    building.set_compute_budget(unit_limit=50_000, micro_lamports_per_unit=20_000)
    transaction = building.build()
    assert transaction.lookup_tables == [table]
    before = chain.lamports(chain.payer)
    done = chain.land(building)
    assert [chain.lamports(member) for member in members[:10]] == [SOL] * 10
    assert chain.lamports(tip) == SOL
    priority_lamports = 50_000 * 20_000 // 1_000_000
    assert chain.lamports(chain.payer) == before - 11 * SOL - FEE_LAMPORTS - priority_lamports
    assert done.compute_units_consumed() <= 50_000


def test_lamports_under_a_seed_of_another_base_move(chain: Chain) -> None:
    address = core.address_with_seed(chain.payer, "purse", str(Pubkey.default()))
    created = core.create_account_with_seed(
        payer=chain.payer, base=chain.payer, seed="purse", lamports=SOL, space_bytes=0, owner=str(Pubkey.default())
    )
    moved = core.transfer_with_seed(
        base=chain.payer, seed="purse", owner=str(Pubkey.default()), to=somebody(51), lamports=SOL
    )
    chain.land(chain.builder(created, moved))
    assert (chain.lamports(address), chain.lamports(somebody(51))) == (0, SOL)


def put_native_mint(chain: Chain, mint: str, program: str) -> None:
    """LiteSVM has no mint of wrapped SOL: no authority, nine decimals, initialized."""
    data = bytes(44) + bytes([9, 1]) + bytes(36)
    account = Account(10**9, data, Pubkey.from_string(program), executable=False, rent_epoch=0)
    chain.svm.set_account(Pubkey.from_string(mint), account)


def put_lookup_table(chain: Chain, table: str, members: list[str]) -> None:
    """A table as its program writes it: state 1, never deactivated, 56 bytes in front of its addresses."""
    head = (1).to_bytes(4, "little") + (2**64 - 1).to_bytes(8, "little") + bytes(8 + 1 + 1 + 32 + 2)
    data = head + b"".join(bytes(Pubkey.from_string(member)) for member in members)
    account = Account(10**10, data, LOOKUP_PROGRAM, executable=False, rent_epoch=0)
    chain.svm.set_account(Pubkey.from_string(table), account)
