"""A whole deployment on loopback: a local chain, the real signer and the real service, each its own process.

Between the chain and the service stands an endpoint that is as strict as Arbitrum One, and misbehaves on demand. The
tests' own truth is read from the chain directly.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp

from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.strict import Rules, StrictRpc

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "src" / "tradewind" / "configs"
FAILPOINTS = ROOT / "target" / "debug" / "tradewind-signer-failpoints"
# The first account of anvil's mnemonic: a public test key, the same for everybody.
TEST_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
# Tests ask far more often than a trader.
NO_RATES = {f"{name} = {rate}": f"{name} = 1000000" for name, rate in (("writes_per_s", 50), ("reads_per_s", 200))}
NO_RATES |= {f"{name} = {burst}": f"{name} = 1000000" for name, burst in (("writes_burst", 100), ("reads_burst", 400))}
FINAL = {"COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "REJECTED", "EXPIRED", "CANCELLED"}


class Deployment:
    """Start, kill, restart and ask; the folder keeps what survives."""

    def __init__(
        self,
        folder: Path,
        rpc_urls: Sequence[str],
        *,
        signer: Path,
        replacements: Mapping[str, str],
        endpoints: Sequence[StrictRpc] = (),
    ) -> None:
        self.folder = folder
        self.config = "arbitrum.toml"
        self.rpc_urls = rpc_urls
        self.endpoints = endpoints
        self._signer_binary = signer
        self._replacements = replacements
        self.signer: asyncio.subprocess.Process | None = None
        self.service: asyncio.subprocess.Process | None = None
        self.url = ""
        self._session: aiohttp.ClientSession | None = None

    @property
    def strict(self) -> StrictRpc:
        """The first endpoint that the service asks."""
        assert self.endpoints, "This deployment asks the chain directly."
        return self.endpoints[0]

    async def prepare(self) -> None:
        """Write the configurations and the key file."""
        os.chmod(self.folder, 0o700)
        self._write_private("passphrase", secrets.token_hex(16))
        self._write_private("key.hex", TEST_KEY)
        urls = ", ".join(f'"{url}"' for url in self.rpc_urls)
        here = {'"http://127.0.0.1:8545"': urls, "port = 8420": "port = 0"}
        self._configure("arbitrum.toml", {**here, **NO_RATES})
        self._configure("signer.toml", {})
        arguments = ["key", "import", "--keys", "keys.age", "--key-file", "key.hex", "--passphrase-file", "passphrase"]
        await self.run_signer(*arguments, "--work-factor", "2")
        (self.folder / "key.hex").unlink()

    def _write_private(self, name: str, text: str) -> None:
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    def _configure(self, name: str, replacements: Mapping[str, str]) -> None:
        text = (CONFIGS / name).read_text()
        for old, new in {**replacements, **self._replacements}.items():
            text = text.replace(old, new)
        (self.folder / name).write_text(text)

    async def _run(self, *command: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()

    async def run_signer(self, *arguments: str) -> None:
        """Run one command of the signer's program to its end."""
        await self._run(str(self._signer_binary), *arguments)

    async def start_signer(self, environment: Mapping[str, str] | None = None) -> None:
        """Start the signer; returns when it listens."""
        self.signer = await asyncio.create_subprocess_exec(
            str(self._signer_binary),
            *("run", "--config", "signer.toml", "--passphrase-file", "passphrase"),
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **(environment or {})},
            stderr=asyncio.subprocess.PIPE,
        )
        await self._until_said(self.signer, b"ready", "signer.log")

    async def start_service(self, *, kill_at: str = "") -> None:
        """Start the service; returns when it answers, or has already died at `kill_at` while it recovered."""
        self.service = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.killable_service", self.config, kill_at),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            stderr=asyncio.subprocess.PIPE,
        )
        if line := await self._until_said(self.service, b"service_started", "service.log"):
            self.url = json.loads(line)["url"]

    async def _until_said(self, process: asyncio.subprocess.Process, word: bytes, log: str) -> bytes:
        """Copy the process's lines into its log for as long as it lives; return the first that has `word`."""
        assert process.stderr is not None
        said: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def copy(stderr: asyncio.StreamReader) -> None:
            with (self.folder / log).open("ab") as file:
                while line := await stderr.readline():
                    file.write(line)
                    file.flush()
                    if word in line and not said.done():
                        said.set_result(line)
            if not said.done():
                said.set_result(b"")

        self._copying = getattr(self, "_copying", [])
        self._copying.append(asyncio.create_task(copy(process.stderr)))
        async with asyncio.timeout(30):
            return await said

    async def until_dead(self, process: asyncio.subprocess.Process | None) -> None:
        """Return when a process has ended."""
        if process is not None:
            async with asyncio.timeout(60):
                await process.wait()

    async def kill(self, process: asyncio.subprocess.Process | None) -> None:
        """SIGKILL, and wait for the end."""
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await self.until_dead(process)

    async def stop(self) -> None:
        """End everything that was started here."""
        if self._session is not None:
            await self._session.close()
        for process in (self.service, self.signer):
            await self.kill(process)
        await asyncio.gather(*getattr(self, "_copying", []))

    def log(self, name: str) -> str:
        """What a process has logged."""
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    # Asking the service

    async def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON body of one request with the token."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        token = (self.folder / "data" / "api.token").read_text().strip()
        data = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers["Idempotency-Key"] = secrets.token_hex(16)
        async with self._session.request(method, self.url + path, data=data, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def submit(self, intent: object) -> UUID:
        """POST an intent that must be accepted; its id."""
        status, receipt = await self.request("POST", "/intents", intent)
        assert status == 202, receipt
        return UUID(receipt["id"])

    async def until(self, intent_id: UUID, *statuses: str, timeout_s: float = 30) -> dict[str, Any]:
        """The intent as soon as its status is one of `statuses`."""
        async with asyncio.timeout(timeout_s):
            while True:
                _, view = await self.request("GET", f"/intents/{intent_id}")
                if view["status"] in statuses:
                    return dict(view)
                await asyncio.sleep(0.02)

    async def until_final(self, intent_id: UUID, timeout_s: float = 30) -> dict[str, Any]:
        """The intent once it has ended."""
        return await self.until(intent_id, *FINAL, timeout_s=timeout_s)


@asynccontextmanager
async def deployed(
    folder: Path,
    chain: EvmLocalnet,
    *,
    signer: Path = FAILPOINTS,
    replacements: Mapping[str, str] | None = None,
    start: bool = True,
    strict: bool = True,
    endpoints: int = 1,
    rules: Rules | None = None,
) -> AsyncIterator[Deployment]:
    """A deployment on `chain`; `replacements` maps texts of the shipped configurations to what stands here instead.

    The service asks `endpoints` strict endpoints, which share `rules`; without `strict` it asks the chain directly.
    """
    async with AsyncExitStack() as stack:
        count = endpoints if strict else 0
        stood = [await stack.enter_async_context(StrictRpc(chain.rpc_url, rules=rules)) for _ in range(count)]
        deployment = Deployment(
            folder,
            [endpoint.url for endpoint in stood] or [chain.rpc_url],
            signer=signer,
            replacements=replacements or {},
            endpoints=stood,
        )
        await deployment.prepare()
        stack.push_async_callback(deployment.stop)
        if start:
            await deployment.start_signer()
            await deployment.start_service()
        yield deployment
