"""The official JavaScript client, installed once into the cache folder from the lock file beside it."""

import hashlib
import shutil
from pathlib import Path

from tradewind.localnet.packages import _npm_ci, cache_folder, exclusive

KIT = Path(__file__).parent / "kit"


def ensure_kit() -> Path:
    """The folder with `transfer.mjs` and `node_modules`."""
    content = b"".join((KIT / name).read_bytes() for name in ("package-lock.json", "transfer.mjs"))
    folder = cache_folder() / f"solana-kit-{hashlib.sha256(content).hexdigest()[:16]}"
    with exclusive(folder.with_suffix(".lock")):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(KIT, partial)
            _npm_ci(partial)
            partial.rename(folder)
    return folder
