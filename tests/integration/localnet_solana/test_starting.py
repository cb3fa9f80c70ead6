"""How the local Solana starts and stops: from the command line, twice on a port, without cargo, with damaged files."""

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from solders.keypair import Keypair

from tests.fake_clock import FakeClock
from tests.integration.localnet_solana.asking import PROCESSED, Asking
from tradewind.localnet import LocalnetError, MissingTool
from tradewind.localnet.solana import NodeOptions, SolanaLocalnet
from tradewind.localnet.solana.programs import ensure_programs


async def test_the_command_describes_the_chain_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "localnet", "solana", "--port", "0", "--slot-ms", "20", "--json"),
        *("--keys", str(tmp_path / "keys")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(120):
        document = json.loads(await process.stdout.readline())
    async with Asking(document["urls"]["rpc"]) as rpc:
        assert await rpc("getGenesisHash") == document["genesis_hash"]
        wallet = document["wallets"][0]
        assert await rpc.value("getBalance", wallet["address"], PROCESSED) == int(wallet["lamports"])
        before = await rpc("getSlot", PROCESSED)
        async with asyncio.timeout(30):
            while await rpc("getSlot", PROCESSED) == before:
                await asyncio.sleep(0)
    file = Path(wallet["key_file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(Keypair.from_bytes(bytes(json.loads(file.read_text()))).pubkey()) == wallet["address"]
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        assert await process.wait() == 0


async def test_slots_pass_with_the_clock(tmp_path: Path) -> None:
    clock = FakeClock()
    async with SolanaLocalnet(options=NodeOptions(slot_ms=400), clock=clock, servers=()) as chain:
        await clock.until_asleep()
        start, height = chain.node.slot, chain.node.slot_at("processed").height
        for _ in range(5):
            await clock.advance(0.4)
            await clock.until_asleep()
        assert (chain.node.slot, chain.node.slot_at("processed").height) == (start + 5, height + 5)
        assert chain.node.unix_timestamp_s == clock.now_ns() // 10**9


async def test_a_port_that_is_taken_is_named() -> None:
    async with SolanaLocalnet(clock=FakeClock(), automatic=False, servers=()) as chain:
        port = int(chain.rpc_url.rpartition(":")[2])
        with pytest.raises(LocalnetError) as refused:
            async with SolanaLocalnet(clock=FakeClock(), automatic=False, servers=(), port=port):
                raise AssertionError
    assert refused.value.code == "port_in_use"
    assert str(port) in refused.value.message


def test_without_cargo_the_way_to_get_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool) as refused:
        ensure_programs()
    assert refused.value.code == "cargo_missing"
    assert "rustup.rs" in str(refused.value)


def test_a_program_that_is_not_the_pinned_one_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path))
    ensure_programs()
    (folder,) = [item for item in tmp_path.iterdir() if item.is_dir()]
    file = folder / "pump_amm.so"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    with pytest.raises(LocalnetError) as changed:
        ensure_programs()
    assert changed.value.code == "program_integrity"
    file.unlink()
    with pytest.raises(LocalnetError) as missing:
        ensure_programs()
    assert (missing.value.code, str(folder) in str(missing.value)) == ("programs_damaged", True)


def test_a_failing_cargo_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "cargo"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'error: no network' >&2\nexit 101\n")
    program.chmod(0o755)
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/bin")
    with pytest.raises(LocalnetError) as refused:
        ensure_programs()
    assert (refused.value.code, "no network" in refused.value.message) == ("cargo_failed", True)
    assert not [item for item in (tmp_path / "cache").iterdir() if item.is_dir()]
