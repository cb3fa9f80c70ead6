"""Compiles the local chain's own Solidity with npm's solc; the result is kept by the hash of what went in."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.packages import Progress, exclusive, node

CONTRACTS = Path(__file__).parent / "contracts"
SOURCES = ("PermitToken.sol", "NodeInterface.sol")
COMPILE_TIMEOUT_S = 120

_SETTINGS = {
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "shanghai",
    "metadata": {"bytecodeHash": "none"},
    "outputSelection": {"*": {"*": ["evm.bytecode.object", "evm.deployedBytecode.object"]}},
}


def ensure_compiled(packages: Path, progress: Progress = lambda _: None) -> dict[str, Any]:
    """What solc makes of each contract: name to its `evm` output. Blocks; compiles once (about 2 s), then reads."""
    sources = {name: {"content": (CONTRACTS / name).read_text()} for name in SOURCES}
    request = json.dumps({"language": "Solidity", "sources": sources, "settings": _SETTINGS})
    kept = packages / f"compiled-{hashlib.sha256(request.encode()).hexdigest()[:16]}.json"
    if not kept.exists():
        with exclusive(packages / "compile.lock"):
            if not kept.exists():
                progress("Compiling the local chain's token contract (only this once).")
                partial = kept.with_suffix(".partial")
                partial.write_text(json.dumps(_compile(packages, request)))
                partial.rename(kept)
    compiled: dict[str, Any] = json.loads(kept.read_text())
    return compiled


def _compile(packages: Path, request: str) -> dict[str, Any]:
    done = subprocess.run(
        [node(), "node_modules/solc/solc.js", "--standard-json"],
        cwd=packages,
        input=request,
        capture_output=True,
        text=True,
        timeout=COMPILE_TIMEOUT_S,
        check=False,
    )
    # solcjs writes a notice about its SMT callback before the JSON.
    start = done.stdout.find("{")
    if done.returncode != 0 or start < 0:
        raise LocalnetError("compiler_failed", f"solc did not run: {(done.stderr or done.stdout).strip()[:400]}.")
    answer = json.loads(done.stdout[start:])
    errors = [error["formattedMessage"] for error in answer.get("errors", ()) if error["severity"] == "error"]
    if errors:
        raise LocalnetError("contract_does_not_compile", errors[0])
    return {name: contract["evm"] for file in answer["contracts"].values() for name, contract in file.items()}
