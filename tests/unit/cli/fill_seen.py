"""What the chain says of a good fill of the example intent, to be doctored test by test."""

from dataclasses import replace
from typing import Any

from tradewind.cli.demo.verdict import Evidence, Promise
from tradewind.cli.demo.witness import SeenTransaction, Transfer, WalletState
from tradewind.domain.token_list import Token

WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
POOL = "0xC6962004f452bE9203591991D15f6b388e09E8D0"
USDC = Token(symbol="USDC", address="0xaf88d065e77c8cC2239327C5EDb3A432268e5831", decimals=6)
WETH = Token(symbol="WETH", address="0x82aF49447D8a07e3bd95BD0d56f35241523fBab1", decimals=18)
WANTED_RAW = 1_500_000_000_000_000_000
PAID_RAW = 4_504_612_345
GAS_USED, GAS_PRICE_WEI = 187_332, 20_000_000
TX_HASH = "0x" + "5f" * 32


def promise(**changed: Any) -> Promise:
    """Acquire 1.5 WETH with USDC, at most 0.5 %, as quoted."""
    whole = Promise(
        wallet=WALLET,
        token_in=USDC,
        token_out=WETH,
        wanted_out_raw=WANTED_RAW,
        max_slippage_ppm=5_000,
        quoted_in_raw=PAID_RAW,
        tx_hashes=(TX_HASH,),
    )
    return replace(whole, **changed)


def before(**changed: Any) -> WalletState:
    """The wallet as the local chain funds it."""
    whole = WalletState(
        block=40,
        native_raw=10**19,
        nonce=0,
        token_in_raw=50_000_000_000,
        token_out_raw=20 * 10**18,
        allowance_in_raw=0,
        allowance_out_raw=0,
    )
    return replace(whole, **changed)


def after(**changed: Any) -> WalletState:
    """The wallet after the fill."""
    start = before()
    whole = replace(
        start,
        block=41,
        native_raw=start.native_raw - GAS_USED * GAS_PRICE_WEI,
        nonce=1,
        token_in_raw=start.token_in_raw - PAID_RAW,
        token_out_raw=start.token_out_raw + WANTED_RAW,
    )
    return replace(whole, **changed)


def transaction(**changed: Any) -> SeenTransaction:
    """The one swap. Nodes give addresses in lower case."""
    whole = SeenTransaction(
        tx_hash=TX_HASH,
        sender=WALLET.lower(),
        nonce=0,
        succeeded=True,
        block=41,
        gas_used=GAS_USED,
        gas_price_wei=GAS_PRICE_WEI,
        transfers=(
            Transfer(WETH.address.lower(), POOL.lower(), WALLET.lower(), WANTED_RAW),
            Transfer(USDC.address.lower(), WALLET.lower(), POOL.lower(), PAID_RAW),
        ),
    )
    return replace(whole, **changed)


def evidence(**changed: Any) -> Evidence:
    """Everything as it should be."""
    whole = Evidence(
        before=before(),
        after=after(),
        transactions=(transaction(),),
        chain_quote_in_raw=PAID_RAW,
        journal_rows=9,
        journal_fault=None,
    )
    return replace(whole, **changed)
