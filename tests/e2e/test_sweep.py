"""The one way out: a halted wallet is emptied to an address, by passphrase typed at a terminal."""

import asyncio
import os
import pty
import select
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import ROOT, Deployment
from tests.e2e.intents import acquire
from tradewind.localnet.evm import EvmLocalnet

HOME = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TYPING_S = 60


async def typed(folder: Path, signer: Path, passphrase: str, *arguments: str) -> tuple[int, str]:
    """Run `tradewind sweep …` at a terminal of its own, type the passphrase when asked; its status and what it said."""
    # In a thread: the endpoint that the command asks lives in this event loop.
    return await asyncio.to_thread(_typed, folder, signer, passphrase, *arguments)


def _typed(folder: Path, signer: Path, passphrase: str, *arguments: str) -> tuple[int, str]:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TRADEWIND_SIGNER": str(signer), "COLUMNS": "200"}
        command = [sys.executable, "-m", "tradewind.cli", "sweep", "--config", "arbitrum.toml", *arguments]
        os.execve(sys.executable, command, environment)  # noqa: S606 - it needs this terminal
    said, answered = b"", False
    while True:
        readable, _, _ = select.select([terminal], [], [], TYPING_S)
        try:
            piece = os.read(terminal, 4096) if readable else b""
        except OSError:
            piece = b""
        if not piece:
            break
        said += piece
        if not answered and b"Passphrase" in said:
            answered = True
            # Nobody types before the prompt has turned the echo off; a program could.
            while termios.tcgetattr(terminal)[3] & termios.ECHO:
                time.sleep(0.01)
            os.write(terminal, passphrase.encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), said.decode()


@pytest.fixture
def passphrase(deployment: Deployment) -> str:
    return (deployment.folder / "passphrase").read_text()


async def test_a_halted_wallet_is_emptied_to_the_address_that_is_named(
    deployment: Deployment, chain: EvmLocalnet, signer_binary: Path, passphrase: str
) -> None:
    url = chain.rpc_url
    await deployment.until_final(await deployment.submit(acquire("0.1")))
    before = {token: truth.balance(url, token) for token in (truth.USDC, truth.WETH, truth.ARB)}
    home_before = {token: truth.balance(url, token, HOME) for token in before}
    await deployment.request("POST", "/halt", {"reason": "emptying the wallet", "wallet": truth.TRADER})
    status, said = await typed(
        deployment.folder, signer_binary, passphrase, "--wallet", truth.TRADER, "--to", HOME, "--chain", "42161"
    )
    assert status == 0, said
    assert passphrase not in said
    for token, held_raw in before.items():
        assert truth.balance(url, token) == 0
        assert truth.balance(url, token, HOME) == home_before[token] + held_raw
    # What stays is what the gas could have cost and did not.
    assert truth.ether(url) < 10**15
    assert truth.nonce(url) == 1 + 4


async def test_nothing_is_swept_while_the_wallet_signs(
    deployment: Deployment, chain: EvmLocalnet, signer_binary: Path, passphrase: str
) -> None:
    status, said = await typed(deployment.folder, signer_binary, passphrase, "--wallet", truth.TRADER, "--to", HOME)
    assert status in {1, 2}, said
    assert "halted" in said
    assert truth.nonce(chain.rpc_url) == 0


async def test_a_wrong_passphrase_sweeps_nothing(
    deployment: Deployment, chain: EvmLocalnet, signer_binary: Path
) -> None:
    await deployment.request("POST", "/halt", {"reason": "emptying the wallet"})
    status, said = await typed(deployment.folder, signer_binary, "guess", "--wallet", truth.TRADER, "--to", HOME)
    assert status != 0
    assert "does not open" in said
    assert truth.nonce(chain.rpc_url) == 0
