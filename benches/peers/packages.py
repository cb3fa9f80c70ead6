"""The peers' npm packages: installed once beside the benches, exactly as the lock file names them."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tradewind.localnet.packages import exclusive, node

HERE = Path(__file__).parent
INSTALLED = HERE.parent / ".peers"
INSTALL_TIMEOUT_S = 600


class PeersMissing(Exception):
    """The peers could not be installed; the message says why and what to do."""


def ensure_peers() -> Path:
    """The folder that holds `node_modules`; another lock file is another folder. Blocks while npm works."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = INSTALLED / hashlib.sha256(lock).hexdigest()[:16]
    if not folder.exists():
        with exclusive(folder.with_suffix(".lock")):
            if not folder.exists():
                _install(folder)
    return folder


def _install(folder: Path) -> None:
    node()
    npm = shutil.which("npm")
    if npm is None:
        raise PeersMissing("The peers need npm, and no 'npm' is on PATH. Install it with Node.js, and start again.")
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(HERE / name, partial / name)
    # legacy-peer-deps: the peers of a peer's build tools are not needed to run it.
    command = [npm, "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=partial, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise PeersMissing(
            f"npm did not finish within {INSTALL_TIMEOUT_S} s. Check the connection to your npm registry."
        ) from None
    if done.returncode != 0:
        said = "; ".join(done.stderr.strip().splitlines()[:4])
        raise PeersMissing(f"npm could not install the peers ({said}). The first run needs your npm registry.")
    partial.rename(folder)
