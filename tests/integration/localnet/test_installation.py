"""A first installation with the real npm: once, however many ask, and whole."""

import asyncio
from pathlib import Path

import pytest

from tradewind.localnet.artifacts import Artifacts
from tradewind.localnet.packages import ensure_packages


def folders(cache: Path) -> list[str]:
    return [path.name for path in cache.iterdir() if path.is_dir()]


async def test_two_at_once_install_once_and_both_get_everything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path))
    said: list[str] = []
    first, second = await asyncio.gather(
        asyncio.to_thread(Artifacts.load, said.append), asyncio.to_thread(Artifacts.load, said.append)
    )
    assert first.packages == second.packages
    assert [text.split()[0] for text in said] == ["Installing", "Compiling"]
    assert first.own_creation("PermitToken") == second.own_creation("PermitToken")
    assert len(first.uniswap("UniswapV3Factory")) > 24_000
    assert folders(tmp_path) == [first.packages.name]
    monkeypatch.setenv("PATH", "")
    assert ensure_packages(said.append) == first.packages
    assert len(said) == 2
