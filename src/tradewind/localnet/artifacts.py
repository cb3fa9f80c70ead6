"""Where each contract's bytecode comes from: npm artifacts, the vendored files, or our own compiled Solidity."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from tradewind.localnet.compiler import CONTRACTS, ensure_compiled
from tradewind.localnet.packages import Progress, ensure_packages

_UNISWAP = {
    "UniswapV3Factory": "v3-core/artifacts/contracts/UniswapV3Factory.sol",
    "UniswapV3Pool": "v3-core/artifacts/contracts/UniswapV3Pool.sol",
    "SwapRouter": "v3-periphery/artifacts/contracts/SwapRouter.sol",
    "TickLens": "v3-periphery/artifacts/contracts/lens/TickLens.sol",
    "NFTDescriptor": "v3-periphery/artifacts/contracts/libraries/NFTDescriptor.sol",
    "NonfungibleTokenPositionDescriptor": "v3-periphery/artifacts/contracts/NonfungibleTokenPositionDescriptor.sol",
    "NonfungiblePositionManager": "v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol",
    "QuoterV2": "swap-router-contracts/artifacts/contracts/lens/QuoterV2.sol",
    "SwapRouter02": "swap-router-contracts/artifacts/contracts/SwapRouter02.sol",
}
_UNISWAP_V2 = {
    "UniswapV2Factory": "v2-core/build",
    "UniswapV2Router02": "v2-periphery/build",
}
_OPENZEPPELIN = "node_modules/@openzeppelin/contracts/build/contracts"


class Artifacts:
    """The bytecode of every contract of the local chain."""

    def __init__(self, packages: Path, compiled: dict[str, Any]) -> None:
        self._packages = packages
        self._compiled = compiled

    @classmethod
    def load(cls, progress: Progress = lambda _: None) -> "Artifacts":
        """Everything at hand, installed and compiled if need be. Blocks; raises LocalnetError."""
        packages = ensure_packages(progress)
        return cls(packages, ensure_compiled(packages, progress))

    @property
    def packages(self) -> Path:
        """The folder that holds `node_modules`."""
        return self._packages

    def uniswap(self, name: str) -> bytes:
        """Creation code of a Uniswap V3 contract that needs no linking."""
        return bytes.fromhex(self._uniswap(name)["bytecode"][2:])

    def uniswap_v2(self, name: str) -> bytes:
        """Creation code of a Uniswap V2 contract; a pair's is inside its factory."""
        path = self._packages / "node_modules/@uniswap" / _UNISWAP_V2[name] / f"{name}.json"
        return bytes.fromhex(json.loads(path.read_text())["bytecode"])

    def position_descriptor(self, nft_descriptor: str) -> bytes:
        """Creation code of the position descriptor, linked to its library's address."""
        artifact = self._uniswap("NonfungibleTokenPositionDescriptor")
        code = artifact["bytecode"][2:]
        references = artifact["linkReferences"]["contracts/libraries/NFTDescriptor.sol"]["NFTDescriptor"]
        for reference in references:
            start = 2 * reference["start"]
            code = code[:start] + nft_descriptor[2:].lower() + code[start + 2 * reference["length"] :]
        return bytes.fromhex(code)

    @cached_property
    def proxy(self) -> bytes:
        """Creation code of OpenZeppelin's transparent proxy."""
        path = self._packages / _OPENZEPPELIN / "TransparentUpgradeableProxy.json"
        return bytes.fromhex(json.loads(path.read_text())["bytecode"][2:])

    @staticmethod
    def vendored(name: str) -> bytes:
        """Bytecode shipped with this package; whether creation or runtime code is its file's `kind`."""
        path = CONTRACTS / "vendored" / f"{name}.json"
        return bytes.fromhex(json.loads(path.read_text())["bytecode"][2:])

    def own_creation(self, name: str) -> bytes:
        """Creation code of one of our own contracts."""
        return bytes.fromhex(self._compiled[name]["bytecode"]["object"])

    def own_runtime(self, name: str) -> bytes:
        """Runtime code of one of our own contracts without immutables."""
        return bytes.fromhex(self._compiled[name]["deployedBytecode"]["object"])

    def _uniswap(self, name: str) -> dict[str, Any]:
        path = self._packages / "node_modules/@uniswap" / _UNISWAP[name] / f"{name}.json"
        artifact: dict[str, Any] = json.loads(path.read_text())
        return artifact
