"""`tradewind localnet solana`: a local Solana with real programs, a market, and funded wallets."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, facts, table
from tradewind.errors import InvalidInput
from tradewind.localnet.solana import NodeOptions, SolanaLocalnet, SolanaLocalnetDescription
from tradewind.localnet.solana.configuration import rules_yaml, service_toml, signer_toml, strategy_yaml

KEYS_FOLDER = Path(".tradewind/solana-localnet")


def solana(  # noqa: PLR0917 (a command line has as many options as it has)
    slot_ms: Annotated[int, typer.Option("--slot-ms", min=10, max=60_000, help="How long a slot lasts.")] = 400,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65534, help="JSON-RPC; subscriptions on the next one; 0: free ports.")
    ] = 8899,
    finalized_after: Annotated[
        int, typer.Option("--finalized-after", min=1, max=1000, help="Slots until finalized (mainnet: about 32).")
    ] = 4,
    program: Annotated[
        list[str] | None, typer.Option("--program", help="Deploy a program of your own.", metavar="ID=FILE.so")
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", help="Load an account dump: JSON, or raw bytes.", metavar="[[ADDRESS=]OWNER:]FILE"),
    ] = None,
    keys: Annotated[
        Path, typer.Option("--keys", help="Where the wallets' key files are written.", metavar="FOLDER")
    ] = KEYS_FOLDER,
    desk: Annotated[
        Path | None,
        typer.Option(
            "--desk", help="Write configurations for the first wallet: service, signer, engine.", metavar="FOLDER"
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a local Solana until Ctrl-C: Raydium AMM v4, PumpSwap and pump as they are, pools, and funded wallets.

    The programs come from a published crate; the first start needs cargo and a network. State is in memory and gone
    when it stops.

    Example: `tradewind localnet solana --port 8899`
    """
    output = Output(as_json=as_json)
    chain = SolanaLocalnet(
        options=NodeOptions(slot_ms=slot_ms, finalized_after=finalized_after),
        port=port,
        programs=program or (),
        accounts=account or (),
        keys_folder=keys,
        progress=output.progress,
    )
    asyncio.run(_run(chain, output, desk))


async def _run(chain: SolanaLocalnet, output: Output, desk: Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with chain:
        output.line(chain.description.model_dump(), _shown(chain.description))
        if desk is not None:
            await asyncio.to_thread(_write_desk, desk, chain.description, output)
        stopped = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(chain.wait_until_it_ends())
        try:
            await asyncio.wait((stopped, ended), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                ended.result()
        finally:
            stopped.cancel()
            ended.cancel()


def _write_desk(desk: Path, chain: SolanaLocalnetDescription, output: Output) -> None:
    """Configurations that fit this chain, in place of those of an earlier one; keys and records are left alone."""
    wallet = chain.wallets[0]
    try:
        desk.mkdir(mode=0o700, parents=True, exist_ok=True)
        (desk / "solana.toml").write_text(service_toml(chain, wallet=wallet.address))
        (desk / "signer.toml").write_text(signer_toml(chain, wallet=wallet.address))
        strategies = desk / "configs" / "strategies"
        strategies.mkdir(parents=True, exist_ok=True)
        (strategies / "arb.yaml").write_text(strategy_yaml(chain, wallet=wallet.address))
        (desk / "configs" / "rules.yaml").write_text(rules_yaml(chain))
    except OSError as error:
        message = f"{desk} cannot be written: {error.strerror}. Name another folder."
        raise InvalidInput.one("--desk", "folder_unusable", message, what="command line") from None
    key = Path(wallet.key_file or "").absolute()
    output.progress(
        f"A desk is in {desk.resolve()}. In each further shell there:\n"
        "  export TRADEWIND_CONFIG=solana.toml\n"
        "Once:\n"
        f"  tradewind keys import --keys keys.age --solana-file {key}\n"
        f"  tradewind-signer adopt-wallet --config signer.toml --wallet {wallet.address}\n"
        "Then:\n"
        "  tradewind-signer run --config signer.toml  # asks for the passphrase; leave it running\n"
        "  tradewind up  # leave it running\n"
        "  tradewind doctor\n"
        "  tradewind intent dispose 2 SOL --for USDC --watch\n"
        "Or an engine that takes what others leave:\n"
        "  tradewind run --strategy arb\n"
        "Or only while there is much to take:\n"
        "  tradewind run --rules configs/rules.yaml\n"
        "Or one of your own:\n"
        "  tradewind new strategy my_first"
    )


def _shown(chain: SolanaLocalnetDescription) -> Group:
    where = {name: Text(url) for name, url in chain.urls.items()}
    where |= {"genesis hash": Text(chain.genesis_hash), "lookup table": Text(chain.lookup_table)}
    wallets = [(wallet.name, wallet.address, wallet.key_file or "") for wallet in chain.wallets]
    mints = [(mint.symbol, mint.mint, str(mint.decimals)) for mint in chain.mints]
    pools = [(pool.venue, pool.name, pool.pool) for pool in chain.pools]
    return Group(
        Text("Local Solana", style="bold"),
        facts(where),
        Text("\nWallets (public test keys: never fund them on a real chain)", style="bold"),
        table(("name", "address", "key file"), wallets, unbroken=("address",)),
        Text("\nTokens", style="bold"),
        table(("symbol", "mint", "decimals"), mints, right=("decimals",), unbroken=("mint",)),
        Text("\nPools", style="bold"),
        table(("venue", "pair", "pool"), pools, unbroken=("pool",)),
        Text("\nPrograms", style="bold"),
        facts({name: Text(program) for name, program in chain.programs.items()}),
        Text(f"\nPoint another tool at it:  solana config set --url {chain.urls['rpc']}\nCtrl-C stops it."),
    )
