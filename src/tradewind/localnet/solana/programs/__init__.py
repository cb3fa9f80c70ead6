"""The real programs: taken from a published crate by cargo, checked against pinned hashes, kept in the cache folder.

The crate is only fetched, never compiled. Raydium AMM v4 is a dump of mainnet; the pump programs come from their
team's own tree and may be ahead of mainnet.
"""

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from tradewind.localnet.errors import LocalnetError, MissingTool
from tradewind.localnet.packages import Progress, cache_folder, exclusive

MANIFEST = Path(__file__).parent / "manifest"
CRATE = "pump-rust-client"
CARGO_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the local chain: its name, its address, and its file in the crate with the hash it must have."""

    name: str
    address: Pubkey
    file: str
    sha256: str


def _program(name: str, address: str, file: str, sha256: str) -> Program:
    return Program(name, Pubkey.from_string(address), file, sha256)


RAYDIUM_AMM_V4: Final = _program(
    "Raydium AMM v4",
    "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8",
    "raydium_amm_v4.so",
    "dc6ad79549928bacacea8c4c4505df58a9136c7c7aaf0ac73324ee79e8f9797c",
)
PUMP_AMM: Final = _program(
    "PumpSwap",
    "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA",
    "pump_amm.so",
    "0f7963aa07aadab8a2846382d92ccde87669a7efd81223c9639933c07eccd054",
)
PUMP: Final = _program(
    "pump",
    "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P",
    "pump.so",
    "aa7b9ec411e08bdcf6941a986075ebceaac9087d1f859f263f766349fdaaabc3",
)
PUMP_FEES: Final = _program(
    "pump fees",
    "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ",
    "pump_fees.so",
    "5b6ceda57863f0dcc3e0e3623052f8342c2c81883379699e71d7ed5383cb3dcf",
)
MAYHEM: Final = _program(
    "pump mayhem",
    "MAyhSmzXzV1pTf7LsNkrNwkWKTo4ougAJ1PPg47MD4e",
    "mayhem_program.so",
    "cc8a5a79f3e38a5014960ae9ba06d70ee1fe3966b8e804b43671c146fc3e014b",
)
TOKEN_METADATA: Final = _program(
    "Metaplex Token Metadata",
    "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s",
    "mpl_token_metadata.so",
    "bb0842f6d5740eabe8f9fb3b723b9ecd89cadf9f48ef9ad6a9dc6cfa8a9658e4",
)
PROGRAMS: Final = (RAYDIUM_AMM_V4, PUMP_AMM, PUMP, PUMP_FEES, MAYHEM, TOKEN_METADATA)


def ensure_programs(progress: Progress = lambda _: None) -> dict[Program, bytes]:
    """The code of every program; fetched first when it is not in the cache folder (20 MB, a few seconds).

    Several processes may ask at once. Blocks; raises MissingTool or LocalnetError.
    """
    folder = cache_folder() / f"solana-programs-{_manifest_hash()}"
    if not folder.exists():
        with exclusive(folder.with_suffix(".lock")):
            if not folder.exists():
                progress("Fetching the Solana programs with cargo (20 MB, only this once).")
                _install(folder)
    return {program: _checked(folder, program) for program in PROGRAMS}


def _manifest_hash() -> str:
    return hashlib.sha256((MANIFEST / "Cargo.lock").read_bytes()).hexdigest()[:16]


def _checked(folder: Path, program: Program) -> bytes:
    path = folder / program.file
    try:
        code = path.read_bytes()
    except OSError as error:
        raise LocalnetError(
            "programs_damaged",
            f"The program file {path} cannot be read: {error.strerror}.",
            remedy=f"Delete the folder {folder}; the next start fetches it anew.",
        ) from error
    if (found := hashlib.sha256(code).hexdigest()) != program.sha256:
        raise LocalnetError(
            "program_integrity",
            f"{path} is not the program that was pinned: its SHA-256 is {found}, not {program.sha256}.",
            remedy=f"Delete the folder {folder} and check which registry cargo uses.",
        )
    return code


def _install(folder: Path) -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise MissingTool(
            "cargo_missing",
            "The local Solana takes its programs from a crate, and no 'cargo' is on PATH.",
            remedy="Install Rust (rustup.rs, or the package 'cargo' of your system) and start again; "
            "it is needed for the first start only.",
        )
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        # cargo works on a copy: the package's own folder need not be writable.
        shutil.copytree(MANIFEST, partial / "manifest")
        _cargo(cargo, partial / "manifest", "fetch", "--locked")
        artifacts = _artifacts(_cargo(cargo, partial / "manifest", "metadata", "--format-version=1", "--locked"))
        for program in PROGRAMS:
            shutil.copyfile(artifacts / program.file, partial / program.file)
        partial.rename(folder)
    except OSError as error:
        raise LocalnetError(
            "programs_damaged", f"The program files cannot be copied to {folder}: {error.strerror}."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _artifacts(metadata: str) -> Path:
    packages = json.loads(metadata)["packages"]
    (manifest,) = [package["manifest_path"] for package in packages if package["name"] == CRATE]
    return Path(manifest).parent / "artifacts"


def _cargo(cargo: str, folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [cargo, *arguments], cwd=folder, capture_output=True, text=True, timeout=CARGO_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LocalnetError(
            "cargo_timeout",
            f"cargo did not finish within {CARGO_TIMEOUT_S} s.",
            remedy="Check the connection to your crate registry and start again.",
        ) from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.strip().splitlines() if line.strip()]
        raise LocalnetError(
            "cargo_failed",
            f"cargo {arguments[0]} failed: {'; '.join(lines[:4])}.",
            remedy="The first start needs a network, or a registry set in cargo's configuration; later ones do not.",
        )
    return done.stdout
