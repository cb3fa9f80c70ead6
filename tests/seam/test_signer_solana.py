"""The signer's own binary on Solana: transactions made and checked by solders, answers read by the service's client."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import CreateAccountWithSeedParams, TransferParams, create_account_with_seed, transfer
from solders.token.associated import get_associated_token_address
from solders.transaction import VersionedTransaction

from tests.seam.test_signer import PASSPHRASE, binary, write_private
from tradewind.errors import Halted, Refused
from tradewind.execution.signer_answers import HoldState, SolanaHold, SolanaOutcome, SolanaReceipt, SolanaSignature
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.signer_questions import (
    EarlierSignature,
    SolanaEvidence,
    SolanaFinalized,
    SolanaOrder,
    SolanaQuote,
)

# RFC 8032, section 7.1, test 1.
KEYPAIR = Keypair.from_seed(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
WALLET = KEYPAIR.pubkey()
SYSTEM = Pubkey.default()
TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
ATA = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
CPMM = Pubkey.from_string("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C")
WSOL = Pubkey.from_string("So11111111111111111111111111111111111111112")
USDC = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
TIP = Pubkey.from_string("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5")
CHAIN_ID = 101
LAMPORTS = 1_000_000_000
HEIGHT = 1_000
QUOTE = SolanaQuote(str(WSOL), str(USDC), LAMPORTS, 150_000_000)
SEEN = SolanaEvidence(HEIGHT, HEIGHT - 32, ("http://127.0.0.1:8899", "http://127.0.0.1:8999"))

CONFIG = f"""
socket = "run/signer.sock"
gate = "gate.db"
key_file = "keys.age"
[[wallets]]
address = "{WALLET}"
chains = [{CHAIN_ID}]
[chains.{CHAIN_ID}]
programs = ["{SYSTEM}", "ComputeBudget111111111111111111111111111111", "{TOKEN}", "{ATA}", "{CPMM}"]
max_tip_lamports = 100000
max_compute_units = 400000
max_compute_unit_price_micro_lamports = 100000
max_fee_lamports = 40000
max_slippage_bps = 100
blockhash_life_s = 120
[[chains.{CHAIN_ID}.tokens]]
symbol = "SOL"
address = "{SYSTEM}"
decimals = 9
max_per_transaction = "0.02"
max_per_day = "0.1"
[[chains.{CHAIN_ID}.tokens]]
symbol = "WSOL"
address = "{WSOL}"
decimals = 9
max_per_transaction = "5"
max_per_day = "10"
[[chains.{CHAIN_ID}.tokens]]
symbol = "USDC"
address = "{USDC}"
decimals = 6
max_per_transaction = "1000"
max_per_day = "5000"
"""


@dataclass(frozen=True)
class Attempt:
    """One transaction of a step, and the request that asks for it."""

    intent_id: str = "intent"
    number: int = 1
    blockhash: int = 7
    receipt: SolanaReceipt | None = None
    minimum_raw: int = 149_000_000
    evidence: SolanaEvidence = SEEN
    legacy: bool = False

    def unsigned(self) -> bytes:
        instructions = [set_compute_unit_limit(200_000), set_compute_unit_price(10_000)]
        if self.receipt:
            instructions.append(create(self.receipt))
        tip = TransferParams(from_pubkey=WALLET, to_pubkey=TIP, lamports=5_000)
        instructions += [swap(self.minimum_raw), transfer(tip)]
        blockhash = Hash(bytes([self.blockhash] * 32))
        message: Message | MessageV0
        if self.legacy:
            message = Message.new_with_blockhash(instructions, WALLET, blockhash)
        else:
            message = MessageV0.try_compile(WALLET, instructions, [], blockhash)
        return bytes(VersionedTransaction.populate(message, [Signature.default()]))

    def order(self) -> SolanaOrder:
        return SolanaOrder(
            self.intent_id,
            0,
            attempt=self.number,
            strategy_id=None,
            wallet=str(WALLET),
            chain_id=CHAIN_ID,
            unsigned_tx=self.unsigned(),
            last_valid_block_height=self.evidence.block_height + 150,
            quoted=QUOTE,
            evidence=self.evidence,
        )

    async def sign(self, client: SignerClient) -> SolanaSignature:
        return await client.sign_solana(self.order())

    async def presign(self, client: SignerClient) -> SolanaHold:
        return await client.presign_solana(self.order(), hold_ms=60_000)


def create(receipt: SolanaReceipt) -> Instruction:
    return create_account_with_seed(
        CreateAccountWithSeedParams(
            from_pubkey=WALLET,
            to_pubkey=Pubkey.from_string(receipt.address),
            base=WALLET,
            seed=receipt.seed,
            lamports=receipt.lamports,
            space=0,
            owner=SYSTEM,
        )
    )


def swap(minimum_raw: int) -> Instruction:
    own = [get_associated_token_address(WALLET, mint) for mint in (WSOL, USDC)]
    strangers = [Pubkey(bytes([100 + number] * 32)) for number in range(6)]
    accounts = [WALLET, *strangers[:3], *own, *strangers[3:5], TOKEN, TOKEN, WSOL, USDC, strangers[5]]
    writable = {0, 3, 4, 5, 6, 7, 12}
    metas = [AccountMeta(key, place == 0, place in writable) for place, key in enumerate(accounts)]
    amounts = LAMPORTS.to_bytes(8, "little") + minimum_raw.to_bytes(8, "little")
    return Instruction(CPMM, bytes.fromhex("8fbe5adac41e33de") + amounts, metas)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SignerClient]:
    """A signer that has adopted the wallet."""
    write_private(tmp_path / "passphrase", "only for this test")
    write_private(tmp_path / "id.json", json.dumps(list(bytes(KEYPAIR))))
    (tmp_path / "signer.toml").write_text(CONFIG)
    key = ("key", "import", "--keys", "keys.age", "--solana-file", "id.json", "--work-factor", "2")
    subprocess.run([str(binary()), *key, *PASSPHRASE], cwd=tmp_path, check=True, capture_output=True)
    adopt = ("adopt-wallet", "--config", "signer.toml", "--wallet", str(WALLET))
    subprocess.run([str(binary()), *adopt], cwd=tmp_path, check=True, capture_output=True)
    command = [str(binary()), "run", "--config", "signer.toml", *PASSPHRASE]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        ready = json.loads(process.stderr.readline())
        assert ready["event"] == "ready"
        yield SignerClient(Path(ready["socket"]))
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.parametrize("legacy", [False, True])
def test_a_signature_is_the_one_that_solders_makes(client: SignerClient, legacy: bool) -> None:
    async def run() -> None:
        attempt = Attempt(legacy=legacy)
        signed = await attempt.sign(client)
        own = VersionedTransaction.from_bytes(attempt.unsigned())
        expected = VersionedTransaction(own.message, [KEYPAIR])
        assert signed.raw_tx == bytes(expected)
        assert signed.signature == str(expected.signatures[0])
        assert VersionedTransaction.from_bytes(signed.raw_tx).verify_with_results() == [True]
        assert signed.last_valid_block_height == HEIGHT + 150
        assert await attempt.sign(client) == signed

    asyncio.run(run())


def test_a_held_attempt_is_released_as_solders_signs_it_or_discarded_for_good(client: SignerClient) -> None:
    async def run() -> None:
        first = Attempt()
        held = await first.presign(client)
        assert (held.attempt, held.state) == (1, HoldState.HELD)
        step = await client.solana_step("intent", 0)
        assert (step.holds, step.attempts, step.pending) == ((held,), (), ())
        await client.discard("intent", 0, attempt=1)
        with pytest.raises(Refused) as refused:
            await client.release("intent", 0, attempt=1, block_height=HEIGHT)
        assert refused.value.rule == "discarded"
        second = replace(first, number=2)
        await second.presign(client)
        released = await client.release("intent", 0, attempt=2, block_height=HEIGHT)
        own = VersionedTransaction.from_bytes(second.unsigned())
        assert released.raw_tx == bytes(VersionedTransaction(own.message, [KEYPAIR]))
        assert await client.release("intent", 0, attempt=2, block_height=HEIGHT) == released
        with pytest.raises(Refused) as refused:
            await client.discard("intent", 0, attempt=2)
        assert refused.value.rule == "released"
        step = await client.solana_step("intent", 0)
        assert [hold.state for hold in step.holds] == [HoldState.DISCARDED, HoldState.RELEASED]
        assert [known.raw_tx for known in step.attempts] == [released.raw_tx]

    asyncio.run(run())


def test_a_receipt_is_where_solana_would_create_it_and_binds_every_attempt(client: SignerClient) -> None:
    async def run() -> None:
        receipt = await client.receipt("intent", 0, wallet=str(WALLET), chain_id=CHAIN_ID)
        assert receipt.address == str(Pubkey.create_with_seed(WALLET, receipt.seed, SYSTEM))
        with pytest.raises(Refused) as refused:
            await Attempt().sign(client)
        assert refused.value.rule == "receipt"
        first = Attempt(receipt=receipt)
        await first.sign(client)
        second = replace(first, number=2, blockhash=8)
        with pytest.raises(Refused) as refused:
            await second.sign(client)
        assert refused.value.rule == "attempt_alive"
        later = SolanaEvidence(HEIGHT + 151, HEIGHT + 119, SEEN.endpoints)
        signed = await replace(second, evidence=later).sign(client)
        step = await client.solana_step("intent", 0)
        assert (step.receipt, step.kind, step.pending) == (receipt, "swap", ())
        assert [known.attempt for known in step.attempts] == [1, 2]
        assert step.attempts[1].raw_tx == signed.raw_tx
        assert step.attempts[0].blockhash == str(Hash(bytes([7] * 32)))

    asyncio.run(run())


def test_without_a_receipt_a_second_attempt_needs_the_first_ones_end_from_two_endpoints(client: SignerClient) -> None:
    async def run() -> None:
        first = await Attempt().sign(client)
        seen = SolanaEvidence(HEIGHT + 250, HEIGHT + 211, SEEN.endpoints)
        second = Attempt(number=2, blockhash=8, evidence=seen)
        with pytest.raises(Refused):
            await second.sign(client)
        absent = (EarlierSignature(first.signature, "absent"),)
        with pytest.raises(Refused):
            await replace(second, evidence=replace(seen, signatures=absent, endpoints=("one",))).sign(client)
        await replace(second, evidence=replace(seen, signatures=absent)).sign(client)

    asyncio.run(run())


def test_a_check_says_what_a_signature_would_be_refused_with_and_records_nothing(client: SignerClient) -> None:
    async def run() -> None:
        async def check(attempt: Attempt) -> tuple[bool, str | None]:
            verdict = await client.check_solana(
                strategy_id=None,
                wallet=str(WALLET),
                chain_id=CHAIN_ID,
                unsigned_tx=attempt.unsigned(),
                quoted=QUOTE,
            )
            return verdict.passed, verdict.rule

        assert await check(Attempt()) == (True, None)
        assert await check(Attempt(minimum_raw=148_499_999)) == (False, "slippage")
        assert not (await client.solana_step("intent", 0)).found

    asyncio.run(run())


def test_a_settled_step_gives_back_what_it_did_not_spend(client: SignerClient) -> None:
    async def run() -> None:
        async def used() -> dict[str, int]:
            budgets = await client.budgets()
            return {budget.symbol: budget.used_raw for budget in budgets if budget.window == "day"}

        signed = await Attempt().sign(client)
        assert await used() == {"SOL": 5_000 + 2_000 + 5_000, "WSOL": LAMPORTS, "USDC": 0}
        final = await client.settle_solana(
            "intent",
            0,
            outcome=SolanaOutcome.REVERTED,
            signature=signed.signature,
            slot=1_203,
            spent_raw={str(SYSTEM): 7_000},
            endpoints=SEEN.endpoints,
            finalized=SolanaFinalized(1_240, 1_100),
        )
        assert final
        assert await used() == {"SOL": 7_000, "WSOL": 0, "USDC": 0}
        assert (await client.solana_step("intent", 0)).outcome is SolanaOutcome.REVERTED

    asyncio.run(run())


def test_an_expired_step_is_settled_by_proof_and_a_halt_stops_the_wallet(client: SignerClient) -> None:
    async def run() -> None:
        signed = await Attempt().sign(client)

        async def expire(block_height: int) -> bool:
            return await client.settle_solana(
                "intent",
                0,
                outcome=SolanaOutcome.EXPIRED,
                signature=None,
                slot=None,
                spent_raw={},
                endpoints=SEEN.endpoints,
                finalized=SolanaFinalized(1_500, block_height),
                signatures=(EarlierSignature(signed.signature, "absent"),),
            )

        with pytest.raises(Refused):
            await expire(HEIGHT + 210)
        assert await expire(HEIGHT + 211)
        epoch = await client.halt(reason="test", by="alice", wallet=str(WALLET))
        with pytest.raises(Halted):
            await Attempt("other", blockhash=9).sign(client)
        await client.resume(kill_epoch=epoch, by="alice")
        await Attempt("other", blockhash=9).sign(client)

    asyncio.run(run())
