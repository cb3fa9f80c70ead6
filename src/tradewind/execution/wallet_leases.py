"""A wallet belongs to one executor at a time: a lock on a file beside the signer, for as long as the process lives.

Executors that share work share one signer, so they share its machine and its folder. The kernel lets go of a lock at
the very moment in which its holder dies: no lease that has to run out, and no clock that two could read differently.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tradewind.errors import Misconfigured


class WalletLeases:
    """Taken with `take`, all or none; given back by `close` or by the end of the process."""

    def __init__(self, descriptors: list[int]) -> None:
        self._descriptors = descriptors

    @classmethod
    def take(cls, folder: Path, wallets: Sequence[str], *, holder: str) -> Self:
        """Raises Misconfigured `wallet_in_use`, which names the wallet and its holder, or `leases_unwritable`."""
        leases = cls([])
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for wallet in wallets:
                leases._descriptors.append(_locked(folder / f"{wallet}.lease", wallet, holder))
        except OSError as error:
            leases.close()
            raise Misconfigured(
                "leases_unwritable",
                f"The folder of wallet leases {folder} cannot be written: {error.strerror}.",
                remedy="Give this user the folder of the signer's socket.",
            ) from None
        except BaseException:
            leases.close()
            raise
        return leases

    def close(self) -> None:
        """Give them back. Idempotent."""
        while self._descriptors:
            os.close(self._descriptors.pop())


def _locked(path: Path, wallet: str, holder: str) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(descriptor, 128, 0).decode(errors="replace").strip() or "another executor"
        os.close(descriptor)
        raise Misconfigured(
            "wallet_in_use",
            f"The wallet {wallet} is in use by {other}.",
            remedy="Give each executor wallets of its own.",
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, holder.encode()[:128], 0)
    return descriptor
