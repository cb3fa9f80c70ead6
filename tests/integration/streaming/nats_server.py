"""A real nats-server with JetStream on a free port of this machine, which a test can kill and start again.

`configured` is its own configuration, for what no argument says: certificates and users.
"""

import asyncio
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tradewind.streaming.nats_settings import NatsSettings

_READY_S = 10


class NatsServer:
    """Its store outlives it: `start` after `kill` is the same server again."""

    def __init__(self, folder: Path, *, configured: str = "") -> None:
        program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/bin")
        assert program is not None, "missing: nats-server; get it: apt-get install nats-server"
        self._program = program
        self._folder = folder
        self._configured = configured
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def settings(self, **changes: object) -> NatsSettings:
        """How to reach it, impatiently."""
        fields: dict[str, object] = {
            "url": f"nats://127.0.0.1:{self.port}",
            "reconnect_wait_ms": 20,
            "publish_timeout_ms": 2_000,
            "ack_wait_ms": 4_000,
            **changes,
        }
        return NatsSettings.model_validate(fields)

    async def start(self) -> None:
        """Return once it takes connections."""
        arguments = ["-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self._folder / "store")]
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._configured:
            configuration = self._folder / "server.conf"
            configuration.write_text(self._configured)
            arguments += ["-c", str(configuration)]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen([self._program, *arguments], stdout=log, stderr=log)  # noqa: ASYNC220
        async with asyncio.timeout(_READY_S):
            while not await self._answers():
                assert self._process.poll() is None, (self._folder / "server.log").read_text()
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        greeting = await reader.readline()
        writer.close()
        return greeting.startswith(b"INFO ")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
