"""`tradewind sweep`: empties a wallet to an address, the one way out.

The signer signs, by passphrase at the terminal; this side reads what is there, sends, and waits for the receipts.
"""

import asyncio
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag
from tradewind.cli.output import Output, table
from tradewind.cli.signer_binary import find_signer
from tradewind.core import CoreError, decode_eip1559, to_checksum_address
from tradewind.domain.amount import format_raw
from tradewind.domain.balances import WalletBalances
from tradewind.domain.chain import is_evm
from tradewind.errors import InvalidInput, Misconfigured, Refused, Unavailable
from tradewind.observability.clock import SystemClock
from tradewind.settings import Settings
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Receipt
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_error import Revert
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.wallet_balances import ChainBalances

# `transfer(address,uint256)`, EIP-20.
_TRANSFER = bytes.fromhex("a9059cbb")
_GAS_PADDING_PERCENT = 50
_FEE_MULTIPLIER = 2
_RECEIPT_S = 60.0
_POLL_S = 0.25


@dataclass(frozen=True, slots=True)
class Offer:
    """From whom, to whom, what each transfer may cost, and where the nonces begin."""

    chain_id: int
    wallet: str
    to: str
    nonce: int
    gas_limit: int
    max_fee_per_gas_wei: int


def sweep(
    *,
    wallet: Annotated[str, typer.Option("--wallet", metavar="ADDRESS", help="The wallet to empty.")],
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Who gets everything.")],
    chain_id: Annotated[int, typer.Option("--chain", metavar="ID", help="On which chain.")] = 42161,
    config: ConfigFile = DEFAULT_CONFIG,
    signer_config: Annotated[
        Path | None, typer.Option("--signer-config", metavar="FILE", help="Default: signer.toml beside --config.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Send all listed tokens and the native coin of a wallet to an address of yours.

    The wallet's signing must be halted first (`tradewind halt --wallet …`), so that nothing else uses its nonces. The
    signer asks for the passphrase at this terminal, records every transfer, signs them, and only then they are sent.
    A little of the native coin stays: what the gas could have cost at most, and did not.

    EVM chains only: wallets on Solana cannot be swept yet.

    Example: `tradewind sweep --wallet 0xf39F… --to 0x7099…`
    """
    output = Output(as_json=as_json)
    if not is_evm(chain_id):
        # Before the addresses are checked: those of Solana are not of the kind that is looked for there.
        raise Refused(
            "chain_not_supported",
            "Wallets on Solana cannot be swept yet.",
            remedy="The key pair file that was imported opens the wallet in any Solana wallet program: empty it there.",
        )
    settings = Settings.load(config)
    wallet, to = _address(wallet, "--wallet"), _address(to, "--to")
    beside = signer_config or config.parent / "signer.toml"
    rows = asyncio.run(_sweep(settings, beside, chain_id, wallet, to))
    columns = ("asset", "amount", "transaction", "outcome")
    document = [dict(zip(columns, row, strict=True)) for row in rows]
    output.emit({"sent": document}, table(columns, rows, right=["amount"], unbroken=["transaction"]))
    if any(outcome != "succeeded" for *_, outcome in rows):
        raise typer.Exit(1)


async def _sweep(
    settings: Settings, signer_config: Path, chain_id: int, wallet: str, to: str
) -> list[tuple[str, str, str, str]]:
    configured = settings.chains.get(chain_id)
    if configured is None:
        raise Misconfigured("chain_not_configured", f"Chain {chain_id} is not configured.", remedy="Name one that is.")
    identity = ChainIdentity(chain_id, genesis_hash=configured.genesis_hash, file=settings.chain_file(chain_id))
    async with RpcClient(
        configured.rpc_urls,
        chain_id=chain_id,
        timeout_s=configured.rpc_timeout_ms / 1000,
        clock=SystemClock(),
        identity=identity,
    ) as rpc:
        chain = EvmChain(rpc, chain_id=chain_id, multicall=configured.multicall)
        held = await ChainBalances(chain, [token.address for token in configured.tokens]).read(wallet)
        symbols = {token.address: (token.symbol, token.decimals) for token in configured.tokens}
        offer = await _offer(chain, held, to)
        tokens = [(token.token, token.balance_raw) for token in held.tokens if token.balance_raw]
        native_raw = held.native_raw - (len(tokens) + 1) * offer.gas_limit * offer.max_fee_per_gas_wei
        if native_raw <= 0:
            raise Refused(
                "gas_balance_too_low",
                f"The wallet holds {format_raw(held.native_raw, 18)} {configured.native_symbol}, and the gas of "
                f"{len(tokens) + 1} transfers may cost more.",
                remedy="Send it some, then sweep again.",
            )
        raws = _signed(signer_config, offer, tokens, native_raw)
        assets = [(*symbols[token], raw) for token, raw in tokens]
        assets.append((configured.native_symbol, 18, native_raw))
        return [
            await _send(chain, raw_tx, symbol, decimals, amount)
            for raw_tx, (symbol, decimals, amount) in zip(raws, assets, strict=True)
        ]


async def _offer(chain: EvmChain, held: WalletBalances, to: str) -> Offer:
    """Gas for the dearest transfer, and twice the base fee: what is not used is not paid."""
    header = await chain.head_header()
    gas = [await _gas(chain, held.wallet, to, b"")]
    for token in held.tokens:
        if token.balance_raw:
            data = _TRANSFER + bytes(12) + bytes.fromhex(to[2:]) + token.balance_raw.to_bytes(32)
            gas.append(await _gas(chain, held.wallet, token.token, data))
    return Offer(
        chain_id=chain.chain_id,
        wallet=held.wallet,
        to=to,
        nonce=await chain.nonce(held.wallet),
        gas_limit=max(gas) * (100 + _GAS_PADDING_PERCENT) // 100,
        max_fee_per_gas_wei=_FEE_MULTIPLIER * header.base_fee_wei,
    )


async def _gas(chain: EvmChain, wallet: str, to: str, data: bytes) -> int:
    gas = await chain.estimate_gas(to, data, sender=wallet)
    if isinstance(gas, Revert):
        raise Refused("transfer_reverts", f"A transfer by {to} would be refused: {gas.reason or 'no reason given'}.")
    return gas


def _signed(signer_config: Path, offer: Offer, tokens: list[tuple[str, int]], native_raw: int) -> list[bytes]:
    """The signed transfers, in order. The terminal belongs to the signer meanwhile."""
    command = [
        *(str(find_signer()), "sweep", "--config", str(signer_config), "--wallet", offer.wallet, "--to", offer.to),
        *("--chain", str(offer.chain_id), "--nonce", str(offer.nonce), "--gas-limit", str(offer.gas_limit)),
        *("--max-fee-per-gas-wei", str(offer.max_fee_per_gas_wei), "--native", str(native_raw)),
    ]
    for token, raw in tokens:
        command += ["--token", f"{token}={raw}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Refused("sweep_not_signed", "The signer did not sign the sweep; it says why above. Nothing was sent.")
    return [bytes.fromhex(json.loads(line)["raw_tx"][2:]) for line in done.stdout.splitlines()]


async def _send(chain: EvmChain, raw_tx: bytes, symbol: str, decimals: int, amount: int) -> tuple[str, str, str, str]:
    sent = await chain.send_raw(raw_tx)
    receipt = await _receipt(chain, sent.tx_hash)
    if receipt is None:
        nonce = decode_eip1559(raw_tx).transaction.nonce
        raise Unavailable(
            "sweep_not_included",
            f"The transfer of {symbol} (nonce {nonce}, {sent.tx_hash}) was not included in {_RECEIPT_S:.0f} s: "
            f"{sent.message}. Those before it were.",
            remedy="Look for it on the chain, then sweep again: what was sent is not sent twice.",
        )
    outcome = "succeeded" if receipt.succeeded else "reverted"
    return symbol, format_raw(amount, decimals), sent.tx_hash, outcome


async def _receipt(chain: EvmChain, tx_hash: str) -> Receipt | None:
    for _ in range(int(_RECEIPT_S / _POLL_S)):
        if (receipt := await chain.receipt(tx_hash)) is not None:
            return receipt
        await asyncio.sleep(_POLL_S)
    return None


def _address(text: str, option: str) -> str:
    try:
        return to_checksum_address(text)
    except CoreError as error:
        raise InvalidInput.one(option, error.code, str(error), what="command line") from None
