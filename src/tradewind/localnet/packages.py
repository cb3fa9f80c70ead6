"""The npm packages behind the local chain: installed once into a cache folder, checked against the shipped lock.

The lock file names every package with its integrity hash and no registry, so npm's own configuration decides where
they come from. The folder's name carries the lock's hash: another lock is another folder.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tradewind.localnet.errors import LocalnetError, MissingTool

NODE_FOLDER = Path(__file__).parent / "node"
MINIMUM_NODE = 20
INSTALL_TIMEOUT_S = 600
ANVIL = Path("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")

Progress = Callable[[str], None]

_GET_NODE = (
    f"Install Node.js {MINIMUM_NODE} or newer together with npm (a package of your system, or nodejs.org), "
    "and start again."
)
_INSTALLING = "Installing the local chain's packages with npm (72 MB, only this once)."
_UNREACHABLE = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH")


def cache_folder() -> Path:
    """Where downloaded and compiled things are kept: $TRADEWIND_CACHE, else tradewind in the XDG cache folder."""
    if own := os.environ.get("TRADEWIND_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tradewind"


def ensure_packages(progress: Progress = lambda _: None) -> Path:
    """The folder that holds `node_modules`; installs it first when it is not there (72 MB, a few seconds).

    Several processes may ask at once: one installs, the others wait. Blocks; raises MissingTool or LocalnetError.
    """
    folder = ensure_locked(NODE_FOLDER, "localnet", lambda: progress(_INSTALLING))
    if not os.access(folder / ANVIL, os.X_OK):
        raise LocalnetError(
            "packages_damaged",
            f"The local chain's packages are incomplete: {folder / ANVIL} is not there or cannot be run.",
            remedy=f"Delete the folder {folder}; the next start installs it anew.",
        )
    return folder


def ensure_locked(source: Path, name: str, before_install: Callable[[], None] = lambda: None) -> Path:
    """The folder that holds the packages of the lock file in `source`; installs them first when it is not there."""
    lock = (source / "package-lock.json").read_bytes()
    folder = cache_folder() / f"{name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        with exclusive(folder.with_suffix(".lock")):
            if not folder.exists():
                _check_platform()
                _check_tools()
                before_install()
                _install(source, folder)
    return folder


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file; the system frees it when its holder dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    except OSError as error:
        raise LocalnetError(
            "cache_not_writable",
            f"The cache folder {path.parent} cannot be written: {error.strerror}.",
            remedy="Point TRADEWIND_CACHE at a folder that you may write.",
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def node() -> str:
    """The path of a Node.js that is new enough; MissingTool otherwise."""
    path = shutil.which("node")
    if path is None:
        raise MissingTool("node_missing", "The local chain needs Node.js, and no 'node' is on PATH.", remedy=_GET_NODE)
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    match = re.match(r"v(\d+)\.", version)
    if match is None or int(match.group(1)) < MINIMUM_NODE:
        raise MissingTool(
            "node_too_old",
            f"The local chain needs Node.js {MINIMUM_NODE} or newer; {path} is {version or 'of unknown version'}.",
            remedy=_GET_NODE,
        )
    return path


def _check_platform() -> None:
    system, machine = platform.system(), platform.machine()
    if (system, machine) != ("Linux", "x86_64"):
        raise LocalnetError(
            "platform_unsupported",
            f"The local chain runs on Linux x86_64; this is {system} {machine}.",
            remedy="Use a Linux x86_64 machine or container.",
        )


def _check_tools() -> None:
    node()
    if shutil.which("npm") is None:
        raise MissingTool("npm_missing", "The local chain needs npm, and no 'npm' is on PATH.", remedy=_GET_NODE)


def _install(source: Path, folder: Path) -> None:
    # The caller holds the lock, so what stands here is the remainder of an installation that was killed.
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(source, partial)
        _npm_ci(partial)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _npm_ci(folder: Path) -> None:
    # legacy-peer-deps: without it npm would add hardhat (218 MB), a peer of a package whose bytecode alone is read.
    command = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LocalnetError(
            "npm_timeout",
            f"npm did not finish within {INSTALL_TIMEOUT_S} s.",
            remedy="Check the connection to your npm registry and start again.",
        ) from error
    if done.returncode != 0:
        raise _npm_failure(done.stderr)


def _npm_failure(output: str) -> LocalnetError:
    last = "; ".join(line.removeprefix("npm error ").strip() for line in output.strip().splitlines()[:4])
    if any(code in output for code in _UNREACHABLE):
        return LocalnetError(
            "npm_unreachable",
            f"npm cannot reach its registry: {last}.",
            remedy="The first start needs a network, or a registry set in npm's configuration; later ones do not.",
        )
    if "EINTEGRITY" in output:
        return LocalnetError(
            "package_integrity",
            f"A package is not the one that the lock file names: {last}.",
            remedy="Clear npm's cache (npm cache clean --force), check which registry npm uses, and start again.",
        )
    return LocalnetError("npm_failed", f"npm could not install the local chain's packages: {last}.")
