"""Which chain this is: its id and the hash of its first block, pinned, and remembered from the first use on."""

import json
import os
import re
from pathlib import Path

from tradewind.errors import Damaged, Misconfigured

_HASH = re.compile(r"0x[0-9a-f]{64}\Z")
_MOST_BYTES = 4096


class ChainIdentity:
    """What every endpoint of the chain must be able to show.

    Without a configured `genesis_hash` the first one seen is trusted and written to `file`; from then on an endpoint
    with another one is refused. A chain without either remembers it for as long as the process lives.

    Raises Damaged (chain_file_damaged) for a file that cannot be read, Misconfigured (wrong_genesis) for one that
    remembers another chain than the configured one.
    """

    def __init__(self, chain_id: int, *, genesis_hash: str | None = None, file: Path | None = None) -> None:
        self.chain_id = chain_id
        self._file = file
        self._configured = genesis_hash is not None
        remembered = None if file is None else _read(file, chain_id)
        self.genesis_hash = genesis_hash.lower() if genesis_hash is not None else remembered
        if remembered is not None and remembered != self.genesis_hash:
            raise Misconfigured(
                "wrong_genesis",
                f"{file} belongs to the chain whose first block is {remembered}, and genesis_hash is another.",
                remedy="Correct genesis_hash, or use another data_dir for the other chain.",
            )

    def trust(self, genesis_hash: str) -> None:
        """Take this first block for the chain's, for good."""
        if self._file is not None:
            _write(self._file, self.chain_id, genesis_hash)
        self.genesis_hash = genesis_hash

    def check(self, label: str, chain_id: int, genesis_hash: str) -> None:
        """Raise Misconfigured (wrong_chain, wrong_genesis) when an endpoint serves another chain."""
        self.check_chain_id(label, chain_id)
        if self.genesis_hash is not None and genesis_hash != self.genesis_hash:
            raise Misconfigured(
                "wrong_genesis",
                f"{label} serves another chain with the id {chain_id}: its first block is {genesis_hash}, "
                f"not {self.genesis_hash}.",
                remedy=self._remedy(),
            )

    def check_chain_id(self, label: str, chain_id: int) -> None:
        """Raise Misconfigured (wrong_chain) when the id is another one."""
        if chain_id != self.chain_id:
            raise Misconfigured(
                "wrong_chain",
                f"{label} serves chain {chain_id}, not {self.chain_id}.",
                remedy="Correct rpc_urls of the chain.",
            )

    def _remedy(self) -> str:
        if self._configured or self._file is None:
            return "Correct rpc_urls, or genesis_hash of the chain."
        return (
            "Correct rpc_urls. If this is a local chain that was made anew, use a new data_dir: what the journal and "
            f"{self._file.name} in the old one say is about the chain that is gone."
        )


def _read(file: Path, chain_id: int) -> str | None:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(file, f"cannot be read: {error.strerror}") from None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise _damaged(file, "is not JSON") from None
    if not isinstance(value, dict) or value.get("chain_id") != chain_id:
        raise _damaged(file, f"does not speak of chain {chain_id}")
    genesis_hash = value.get("genesis_hash")
    if not isinstance(genesis_hash, str) or not _HASH.match(genesis_hash):
        raise _damaged(file, "holds no genesis_hash of 32 bytes")
    return genesis_hash


def _damaged(file: Path, fault: str) -> Damaged:
    return Damaged(
        "chain_file_damaged",
        f"{file} {fault}.",
        remedy="Set genesis_hash of the chain to the hash of its block 0, then remove the file.",
    )


def _write(file: Path, chain_id: int, genesis_hash: str) -> None:
    """All of it or nothing: written beside, synced, renamed over, and the folder synced."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as opened:
            json.dump({"chain_id": chain_id, "genesis_hash": genesis_hash}, opened)
            opened.write("\n")
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Misconfigured(
            "chain_file_unwritable",
            f"{file} cannot be written: {error.strerror}.",
            remedy="Check the space and the permissions of data_dir.",
        ) from None
