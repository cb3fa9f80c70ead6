"""The programs of AMM v4, PumpSwap and pump, as cargo fetches them: crate `pump-rust-client` 0.5.0, MIT."""

import json
import subprocess
from pathlib import Path

MANIFEST = """
[package]
name = "programs"
version = "0.0.0"
edition = "2021"

[dependencies]
pump-rust-client = "=0.5.0"
"""
CARGO_TIMEOUT_S = 300


def fetch(folder: Path) -> Path:
    """The folder of the compiled programs; an empty library in `folder` names the crate to cargo."""
    (folder / "src").mkdir()
    (folder / "src" / "lib.rs").write_text("")
    (folder / "Cargo.toml").write_text(MANIFEST)
    told = subprocess.run(
        ["cargo", "metadata", "--format-version", "1"],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=CARGO_TIMEOUT_S,
    )
    packages = json.loads(told.stdout)["packages"]
    manifest = next(package["manifest_path"] for package in packages if package["name"] == "pump-rust-client")
    return Path(manifest).parent / "artifacts"
