"""The demo's scene on Solana: a local chain with the real programs, and a signer and a service of its own."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tradewind.cli.demo.scene import (
    PASSPHRASE_FILE,
    SIGNER_CONFIG,
    import_key,
    run_signer,
    start_service,
    start_signer,
    write_private,
)
from tradewind.cli.signer_binary import find_signer
from tradewind.localnet.solana.configuration import service_toml, signer_toml
from tradewind.localnet.solana.localnet import SolanaLocalnet
from tradewind.localnet.solana.options import NodeOptions
from tradewind.settings import Settings

SERVICE_CONFIG = "solana.toml"
# Slots are half as long as the real chain's: nobody watches a demo to wait.
_SLOT_MS = 100


@dataclass(frozen=True, slots=True)
class SolanaScene:
    """Everything is up. The node lives in the demo's own process: it is the truth that the service is judged by."""

    folder: Path
    settings: Settings
    chain: SolanaLocalnet
    wallet: str
    url: str

    @property
    def config(self) -> Path:
        """The configuration of the service."""
        return self.folder / SERVICE_CONFIG


async def start_solana_signer(folder: Path, chain: SolanaLocalnet, stack: AsyncExitStack) -> None:
    """A signer with the key of the chain's first wallet, stopped with the stack."""
    wallet = chain.description.wallets[0]
    (folder / SIGNER_CONFIG).write_text(signer_toml(chain.description, wallet=wallet.address))
    passphrase = write_private(folder / PASSPHRASE_FILE, secrets.token_urlsafe(32))
    binary = find_signer()
    await import_key(binary, folder, passphrase, "--solana-file", Path(wallet.key_file or ""))
    # The wallet is new, and so is the chain: nothing that another gate signed can be under way.
    config = folder / SIGNER_CONFIG
    await run_signer(binary, "adopt-wallet", "--config", config, "--wallet", wallet.address, "--chain", 101)
    signer = await start_signer(folder)
    stack.push_async_callback(signer.stop)


@asynccontextmanager
async def solana_scene(folder: Path, progress: Callable[[str], None]) -> AsyncIterator[SolanaScene]:
    """Set it up in an empty folder, and take the processes down again at the end."""
    await asyncio.to_thread(folder.mkdir, mode=0o700)
    async with AsyncExitStack() as stack:
        progress("Starting a local Solana with the real programs, and the signer")
        options = NodeOptions(slot_ms=_SLOT_MS)
        chain = await stack.enter_async_context(
            SolanaLocalnet(options=options, keys_folder=folder / "wallets", progress=progress)
        )
        described, wallet = chain.description, chain.description.wallets[0]
        (folder / SERVICE_CONFIG).write_text(service_toml(described, wallet=wallet.address, port=0))
        await start_solana_signer(folder, chain, stack)
        progress("Starting the service")
        service = await start_service(folder, SERVICE_CONFIG)
        stack.push_async_callback(service.stop)
        yield SolanaScene(
            folder, Settings.load(folder / SERVICE_CONFIG), chain, wallet.address, str(service.said["url"])
        )
