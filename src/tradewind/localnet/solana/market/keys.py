"""Keys that are always the same for one seed: wallets' keypairs, and addresses of accounts that nobody signs for."""

import hashlib
import json
import os
from pathlib import Path

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tradewind.localnet.errors import LocalnetError

WALLET_NAMES = ("trader", "second", "third", "fourth")


def keypair(purpose: str, seed: int) -> Keypair:
    """The keypair of a purpose. Whoever knows the seed knows it: for a local chain only."""
    return Keypair.from_seed(hashlib.sha256(f"tradewind localnet wallet {purpose} {seed}".encode()).digest())


def address(purpose: str) -> Pubkey:
    """The address of an account that stands for itself; the same on every local chain."""
    return Pubkey.from_bytes(hashlib.sha256(f"tradewind localnet account {purpose}".encode()).digest())


def write_keypairs(folder: Path, keypairs: dict[str, Keypair]) -> dict[str, Path]:
    """Solana's own key files (a JSON array of 64 numbers), readable by their owner alone; LocalnetError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return {name: _write(folder / f"{name}.json", pair) for name, pair in keypairs.items()}
    except OSError as error:
        raise LocalnetError(
            "keys_not_writable",
            f"The wallets' key files cannot be written to {folder}: {error.strerror}.",
            remedy="Choose another state folder.",
        ) from error


def _write(path: Path, pair: Keypair) -> Path:
    # Made anew, never opened: a file that stood there with wider rights would keep them.
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(list(bytes(pair)), file)
    return path
