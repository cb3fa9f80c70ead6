"""The peers' Python packages: each set in an environment of its own, exactly as its requirements file names them."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benches.line_process import LineProcess
from benches.peers.packages import INSTALLED, PeersMissing
from tradewind.localnet.packages import exclusive

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
INSTALL_TIMEOUT_S = 900


def ensure_environment(name: str) -> Path:
    """The Python of the environment that `<name>.txt` describes. Blocks while pip works; raises PeersMissing."""
    requirements = HERE / f"{name}.txt"
    key = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = INSTALLED / f"{name}-{key}"
    ready = folder / "installed"
    if not ready.exists():
        INSTALLED.mkdir(exist_ok=True)
        with exclusive(INSTALLED / f"{folder.name}.lock"):
            if not ready.exists():
                _install(folder, requirements)
                ready.touch()
    return folder / "bin" / "python"


def python_peer(script: str, environment: str) -> LineProcess:
    """The peer `benches/peers/<script>.py` as a process in its environment."""
    python = ensure_environment(environment)
    return LineProcess([str(python), "-m", f"benches.peers.{script}"], cwd=ROOT)


def _install(folder: Path, requirements: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    commands = [
        [sys.executable, "-m", "venv", str(folder)],
        [
            *(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--requirement", str(requirements)),
        ],
    ]
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise PeersMissing(
                f"pip did not finish within {INSTALL_TIMEOUT_S} s. Check the connection to your package index."
            ) from None
        if done.returncode != 0:
            said = "; ".join(done.stderr.strip().splitlines()[:4])
            raise PeersMissing(f"pip could not install the peer of {requirements.name} ({said}).")
