"""`tradewind localnet`: a local chain for trying things out."""

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Annotated, Any

import typer

from tradewind.cli.localnet_solana import solana
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.localnet import EvmLocalnet, LocalnetError, addresses
from tradewind.localnet.strict import StrictRpc

localnet = typer.Typer(name="localnet", no_args_is_help=True, help="Local chains with the real contracts and a market.")


@localnet.callback()
def _localnet() -> None: ...


localnet.command()(solana)


@localnet.command()
def evm(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 takes a free port.")] = 8545,
    strict: Annotated[
        bool, typer.Option("--strict", help="Keep Arbitrum's rules: no pool, no replacement, only public methods.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a local Arbitrum One until Ctrl-C: Uniswap V3 at its real addresses, pools, and a funded test wallet.

    The example configuration of `tradewind init` points at it. Its state is in memory and gone when it stops.

    Example: `tradewind localnet evm --port 8545`
    """
    asyncio.run(_run(port, Output(as_json=as_json), strict=strict))


async def _run(port: int, output: Output, *, strict: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        chain = await stack.enter_async_context(EvmLocalnet(port=0 if strict else port, progress=output.progress))
        url = chain.rpc_url
        if strict:
            url = (await stack.enter_async_context(StrictRpc(chain.rpc_url, port=port))).url
        output.line(_document(chain, url), "" if output.as_json else _shown(await chain.describe(url), chain, url))
        ended, stopped = asyncio.create_task(chain.wait_until_it_ends()), asyncio.create_task(stop.wait())
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if ended.done() and not stop.is_set():
            raise LocalnetError(
                "chain_stopped",
                f"The local chain stopped by itself (exit code {ended.result()}).",
                remedy="Start it again.",
            )
        ended.cancel()


def _shown(description: str, chain: EvmLocalnet, url: str) -> str:
    control = "" if url == chain.rpc_url else f"\nControl the node behind it:  {chain.rpc_url}"
    return (
        f'{description}\n\nPoint a configuration at it: rpc_urls = ["{url}"]\nPoint another tool at it:   export '
        f"ETH_RPC_URL={url}{control}\nCtrl-C stops it."
    )


def _document(chain: EvmLocalnet, url: str) -> dict[str, Any]:
    return {
        "rpc_url": url,
        "node_url": chain.rpc_url,
        "chain_id": chain.chain_id,
        "wallet": addresses.TRADER,
        "contracts": addresses.CONTRACTS,
        "tokens": {token.symbol: token.address for token in addresses.TOKENS.values()},
        "pools": [
            {"pool": p.address, "token0": p.base.symbol, "token1": p.quote.symbol, "fee_pips": p.fee_pips}
            for p in chain.pools
        ],
    }
