"""A flash loan of Kamino executed by its own program, of which the user has a build: KLEND_PROGRAM names the file."""

import pytest
from solders.clock import Clock
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from tests.seam.solana_market import (
    FIXTURES,
    NOW,
    WRAPPED_SOL,
    Market,
    Pool,
    PumpswapSettings,
    amm_v4,
    derived,
    pumpswap,
    raw,
)
from tradewind import core
from tradewind.localnet.solana.programs import ensure_programs

KAMINO = "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD"
LENDING_MARKET = "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF"
SOL_RESERVE = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q"
# Behind the reserve's last update, which the loan makes again.
SLOT = 298_300_000
COIN = str(Pubkey(bytes([9] * 32)))
LOAN_RAW = 10**10
NO_REPAYMENT = "6032"


@pytest.fixture
def market(klend: bytes) -> Market:
    made = Market(ensure_programs())
    made.svm.add_program(Pubkey.from_string(KAMINO), klend)
    made.svm.set_clock(Clock(SLOT, 0, SLOT // 432_000, SLOT // 432_000, NOW))
    made.mint(COIN, 10**15, 6)
    made.fund(COIN, 0)
    made.fund(WRAPPED_SOL, 0)
    for address in (LENDING_MARKET, SOL_RESERVE):
        made.put(address, (FIXTURES / "kamino" / f"{address}.bin").read_bytes(), KAMINO)
    keeper, reserve = derived(KAMINO, b"lma", raw(LENDING_MARKET)), made.data(SOL_RESERVE)
    available_raw = int.from_bytes(reserve[224:232], "little")
    for place, amount_raw in ((160, available_raw), (192, 0)):
        made.token_account(str(Pubkey(reserve[place : place + 32])), WRAPPED_SOL, keeper, amount_raw)
    return made


@pytest.fixture
def pools(market: Market) -> tuple[Pool, Pool]:
    """The coin is dearer in the first one."""
    return amm_v4(market, COIN, WRAPPED_SOL, 10**14, 10**12), pumpswap(market, COIN, PumpswapSettings(canonical=False))


def reserve_of(market: Market) -> core.KaminoReserve:
    return core.KaminoReserve(SOL_RESERVE, KAMINO, market.data(SOL_RESERVE))


def arbitrage(market: Market, pools: tuple[Pool, Pool]) -> tuple[list[core.SolanaInstruction], int]:
    """Buy the coin where it is cheap and sell it where it is dear; what comes back."""
    dear, cheap = pools
    bought = market.swap(cheap, WRAPPED_SOL, "in", LOAN_RAW, 1)
    coin_raw = market.graph.quote_exact_in(cheap.address, WRAPPED_SOL, LOAN_RAW).amount_out_raw
    sold = market.swap(dear, COIN, "in", coin_raw, 1)
    back_raw = market.graph.quote_exact_in(dear.address, COIN, coin_raw).amount_out_raw
    return [*bought.instructions, *sold.instructions], back_raw


def lent(market: Market, inside: list[core.SolanaInstruction]) -> core.FlashLoanInstructions:
    return core.wrap_in_flash_loan(
        [core.set_compute_unit_limit(600_000), core.set_compute_unit_price(0), *inside],
        reserve_of(market),
        borrower=market.wallet,
        token_account=market.wallet_account(WRAPPED_SOL),
        amount_raw=LOAN_RAW,
        fee_payer=str(market.payer.pubkey()),
        size_limit_bytes=4_096,
    )


def send(market: Market, instructions: list[core.SolanaInstruction]) -> TransactionMetadata | FailedTransactionMetadata:
    building = core.TransactionBuilder().add_instructions(instructions).set_fee_payer(str(market.payer.pubkey()))
    built = building.set_recent_blockhash(str(market.svm.latest_blockhash())).size_limit(4_096).build()
    keys = {str(key.pubkey()): key for key in (market.payer, market.trader)}
    wire = built.to_wire([bytes(keys[signer].sign_message(built.message)) for signer in built.signers])
    return market.svm.send_transaction(VersionedTransaction.from_bytes(wire))


def test_an_arbitrage_on_borrowed_money_leaves_what_it_gained_and_the_loan_is_back(
    market: Market, pools: tuple[Pool, Pool]
) -> None:
    inside, back_raw = arbitrage(market, pools)
    reserve = market.data(SOL_RESERVE)
    vault, fees = (str(Pubkey(reserve[place : place + 32])) for place in (160, 192))
    before_raw, fee_raw = market.held(vault), reserve_of(market).fee_raw(LOAN_RAW)
    wrapped = lent(market, inside)
    done = send(market, wrapped.instructions)
    assert isinstance(done, TransactionMetadata), done.meta().logs()
    assert market.held(market.wallet_account(WRAPPED_SOL)) == back_raw - LOAN_RAW - fee_raw
    assert back_raw > LOAN_RAW + fee_raw
    assert (market.held(vault), market.held(fees)) == (before_raw, fee_raw)


def test_a_loan_that_is_not_repaid_takes_everything_back(market: Market, pools: tuple[Pool, Pool]) -> None:
    inside, _ = arbitrage(market, pools)
    done = send(market, lent(market, inside).instructions[:-1])
    assert isinstance(done, FailedTransactionMetadata)
    assert NO_REPAYMENT in str(done.err())
    assert market.held(market.wallet_account(WRAPPED_SOL)) == 0
