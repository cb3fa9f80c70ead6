"""The demo's scene: a scratch folder, a local chain, the signer and the service, as real processes of their own.

The service asks an endpoint that keeps Arbitrum's rules, so that what works here is not owed to a lenient node.
"""

import asyncio
import json
import re
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradewind.cli.child import Child
from tradewind.cli.examples import example
from tradewind.cli.signer_binary import find_signer
from tradewind.errors import Misconfigured
from tradewind.localnet import EvmLocalnet
from tradewind.localnet.strict import StrictRpc
from tradewind.settings import Settings

# Account 0 of the test mnemonic that anvil and others print in their manuals. It is PUBLIC: worthless anywhere but on
# a chain like this one, and whatever is sent to it on a public chain is stolen at once.
PUBLIC_TEST_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SERVICE_CONFIG = "arbitrum.toml"
SIGNER_CONFIG = "signer.toml"
PASSPHRASE_FILE = "passphrase"  # noqa: S105 (the name of the file that holds it)
# The passphrase is random and lives as long as the folder: there is nothing to protect by slow hashing.
_WORK_FACTOR = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything is up: where it is, and the processes. The service asks `strict`, the chain itself is the truth."""

    folder: Path
    settings: Settings
    chain: EvmLocalnet
    strict: StrictRpc
    signer: Child[bool]
    service: Child[dict[str, Any]]

    @property
    def config(self) -> Path:
        """The configuration of the service."""
        return self.folder / SERVICE_CONFIG

    @property
    def url(self) -> str:
        """Where the service listens."""
        return str(self.service.said["url"])


@asynccontextmanager
async def scene(folder: Path, progress: Callable[[str], None]) -> AsyncIterator[Scene]:
    """Set it up in an empty folder, and take the processes down again at the end."""
    async with AsyncExitStack() as stack:
        progress("Starting a local Arbitrum One with the real contracts, and the signer")
        chain_starting = asyncio.create_task(stack.enter_async_context(EvmLocalnet(progress=progress)))
        try:
            signer = await _prepare_signer(folder, stack)
        except BaseException:
            chain_starting.cancel()
            await asyncio.gather(chain_starting, return_exceptions=True)
            raise
        chain = await chain_starting
        progress("Starting the service")
        strict = await stack.enter_async_context(StrictRpc(chain.rpc_url))
        _write_service_config(folder, strict.url)
        service = await start_service(folder)
        stack.push_async_callback(service.stop)
        yield Scene(folder, Settings.load(folder / SERVICE_CONFIG), chain, strict, signer, service)


async def start_signer(folder: Path) -> Child[bool]:
    """Run the signer of a prepared folder."""
    return await Child.start(
        "The signer",
        (find_signer(), "run", "--config", folder / SIGNER_CONFIG, "--passphrase-file", folder / PASSPHRASE_FILE),
        log=folder / "signer.log",
        ready=lambda line: True if line.startswith('{"event":"ready"') else None,
    )


async def start_service(folder: Path, config: str = SERVICE_CONFIG) -> Child[dict[str, Any]]:
    """Run the service of a prepared folder."""
    return await Child.start(
        "The service",
        (sys.executable, "-m", "tradewind.cli", "up", "--config", folder / config, "--json"),
        log=folder / "service.log",
        ready=_announcement,
    )


async def _prepare_signer(folder: Path, stack: AsyncExitStack) -> Child[bool]:
    passphrase = write_private(folder / PASSPHRASE_FILE, secrets.token_urlsafe(32))
    (folder / SIGNER_CONFIG).write_text(example(SIGNER_CONFIG))
    key = write_private(folder / "test-key", PUBLIC_TEST_KEY)
    await import_key(find_signer(), folder, passphrase, "--key-file", key)
    key.unlink()
    signer = await start_signer(folder)
    stack.push_async_callback(signer.stop)
    return signer


async def import_key(signer: Path, folder: Path, passphrase: Path, form: str, key: Path) -> None:
    """Give the signer of a folder the public test key in a file."""
    arguments = ("--keys", folder / "keys.age", "--passphrase-file", passphrase, form, key)
    await run_signer(signer, "key", "import", *arguments, "--work-factor", _WORK_FACTOR)


async def run_signer(signer: Path, *arguments: object) -> None:
    """One command of the signer's program, to its end."""
    process = await asyncio.create_subprocess_exec(
        *map(str, (signer, *arguments)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        said = output.decode(errors="replace").strip()
        raise Misconfigured("signer_command_failed", f"The signer could not be prepared for the demo: {said}")


def _write_service_config(folder: Path, rpc_url: str) -> None:
    text = _with_value(example(SERVICE_CONFIG), "rpc_urls", f'["{rpc_url}"]')
    (folder / SERVICE_CONFIG).write_text(_with_value(text, "port", "0"))


def _announcement(line: str) -> dict[str, Any] | None:
    """The line in which `tradewind up --json` says where it listens."""
    if not line.startswith('{"url"'):
        return None
    said: dict[str, Any] = json.loads(line)
    return said


def _with_value(text: str, key: str, value: str) -> str:
    """The configuration with the value of one key replaced; the key must stand there exactly once."""
    changed, count = re.subn(rf"(?m)^{key} = [^#\n]*?(\s*(?:#.*)?)$", rf"{key} = {value}\1", text)
    if count != 1:
        raise Misconfigured("example_unexpected", f"The shipped example configuration sets '{key}' {count} times.")
    return changed


def write_private(path: Path, text: str) -> Path:
    """A new file that nobody else can read."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)
    return path
