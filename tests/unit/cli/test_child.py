"""Child processes: readiness, failure to start, stopping, and not outliving the parent."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tradewind.cli.child import Child
from tradewind.errors import Misconfigured


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", text)


def ready(line: str) -> str | None:
    return line.removeprefix("ready ") if line.startswith("ready ") else None


async def test_is_ready_with_what_the_announcing_line_says_on_either_stream(tmp_path: Path) -> None:
    for stream in ("stdout", "stderr"):
        text = f"import sys, signal; print('first'); print('ready now', file=sys.{stream}); signal.pause()"
        child = await Child.start("It", program(text), log=tmp_path / stream, ready=ready)
        assert child.said == "now"
        await child.stop()
        assert "first" in (tmp_path / stream).read_text()


async def test_one_that_ends_before_it_is_ready_is_reported_with_its_last_words(tmp_path: Path) -> None:
    text = "import sys; sys.exit('the port is taken')"
    with pytest.raises(Misconfigured) as caught:
        await Child.start("The service", program(text), log=tmp_path / "log", ready=ready)
    assert caught.value.code == "child_ended"
    assert "The service ended with exit code 1: the port is taken" in caught.value.message
    assert str(tmp_path / "log") in (caught.value.remedy or "")


async def test_stop_asks_first_and_gives_back_the_exit_code(tmp_path: Path) -> None:
    text = (
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: (print('going'), sys.exit(7)))\n"
        "print('ready x')\nsignal.pause()"
    )
    child = await Child.start("It", program(text), log=tmp_path / "log", ready=ready)
    assert await child.stop() == 7
    assert "going" in (tmp_path / "log").read_text()


async def test_a_program_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        await Child.start("It", (tmp_path / "nothing",), log=tmp_path / "log", ready=ready)


async def test_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    parent = (
        "import asyncio, os, signal, sys\nfrom pathlib import Path\nfrom tradewind.cli.child import Child\n"
        "async def main():\n"
        "    text = 'import os, signal; print(\"ready\", os.getpid()); signal.pause()'\n"
        "    argv = (sys.executable, '-u', '-c', text)\n"
        f"    child = await Child.start('It', argv, log=Path({str(tmp_path / 'log')!r}),\n"
        "        ready=lambda line: line.split()[1] if line.startswith('ready ') else None)\n"
        "    print(child.said, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(*program(parent), stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    async with asyncio.timeout(10):
        while _is_running(int(output)):
            await asyncio.sleep(0.01)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")
