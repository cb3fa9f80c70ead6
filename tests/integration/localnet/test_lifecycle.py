"""Starting and stopping: nothing is left behind, a second start is offline, and failures say what to do."""

import asyncio
import os
import signal
import socket
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tradewind.localnet import EvmLocalnet, LocalnetError, serve
from tradewind.localnet.addresses import UNISWAP_V3_FACTORY, USDC

CHILD = """
import asyncio
from tradewind.localnet import EvmLocalnet

async def main():
    async with EvmLocalnet() as chain:
        print(chain.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def children() -> set[int]:
    """The processes that this one has started and not yet reaped."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


async def wait_until_gone(pid: int) -> None:
    """The kernel tells of an exit through a pidfd, for processes that are not our children too."""
    gone = asyncio.Event()
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, gone.set)
    try:
        async with asyncio.timeout(10):
            await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def test_leaving_the_context_ends_the_process() -> None:
    async with EvmLocalnet() as chain:
        pid = chain.pid
        assert is_running(pid)
    assert not is_running(pid)


async def test_an_interrupt_at_the_terminal_does_not_reach_the_node() -> None:
    async with EvmLocalnet() as chain:
        assert os.getpgid(chain.pid) != os.getpgid(0)
        assert os.getsid(chain.pid) != os.getsid(0)


async def test_an_error_inside_the_context_ends_the_process() -> None:
    pid = 0

    async def fail() -> None:
        nonlocal pid
        async with EvmLocalnet() as chain:
            pid = chain.pid
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 (our own, bare)
        await fail()
    assert pid
    assert not is_running(pid)


async def test_the_chain_dies_with_a_parent_that_was_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    await parent.wait()
    await wait_until_gone(pid)
    assert not is_running(pid)


async def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalnetError) as refused:
            async with EvmLocalnet(port=port):
                pass
    assert refused.value.code == "port_in_use"
    assert str(port) in refused.value.message
    assert "another port" in str(refused.value)


async def test_it_listens_on_the_port_that_was_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with EvmLocalnet(port=port) as chain:
        assert chain.port == port
        assert chain.rpc_url == f"http://127.0.0.1:{port}"


async def test_a_second_start_needs_neither_node_nor_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    async with EvmLocalnet():
        pass
    monkeypatch.setenv("PATH", "")
    said: list[str] = []
    async with EvmLocalnet(progress=said.append) as chain:
        assert await chain.block_number() > 0
    assert said == []


async def test_serve_describes_the_chain_and_ends_when_asked() -> None:
    stop = asyncio.Event()
    described: list[str] = []

    def ready(text: str) -> None:
        described.append(text)
        stop.set()

    async with asyncio.timeout(30):
        await serve(0, ready, stop)
    (text,) = described
    for part in (
        "http://127.0.0.1:",
        "42161",
        UNISWAP_V3_FACTORY,
        USDC.address,
        "50,000 USDC",
        "1 WETH = 3,000.3 USDC",
    ):
        assert part in text


async def test_serve_says_so_when_the_chain_stops_by_itself() -> None:
    before = children()

    def ready(_: str) -> None:
        (node,) = children() - before
        os.kill(node, signal.SIGKILL)

    async with asyncio.timeout(30):
        with pytest.raises(LocalnetError) as ended:
            await serve(0, ready, asyncio.Event())
    assert ended.value.code == "chain_stopped"


async def test_blocks_can_come_by_the_clock() -> None:
    async with EvmLocalnet(block_time_s=Decimal("0.05")) as chain, asyncio.timeout(20):
        start = await chain.block_number()
        swap = await chain.swap_as_market(USDC.address, "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1", 500, 10**9)
        assert swap.block_number > start
        assert swap.amount_in_raw == 10**9
