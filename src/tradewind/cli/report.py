"""`tradewind report`: what was traded, what it cost and earned, and whether the wallets hold exactly that.

It reads the journal's file and the chain itself, whether or not a service runs.
"""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tradewind import core
from tradewind.accounting.balance_watch import BalanceReader
from tradewind.accounting.configured import decimals_of, names_of, wallets_of
from tradewind.accounting.report import Selection
from tradewind.accounting.report_view import ReportView
from tradewind.accounting.reports import Reports
from tradewind.api.moments import parse_moment_ns
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag
from tradewind.cli.output import Output
from tradewind.cli.quantities import parse_duration_ms
from tradewind.cli.report_csv import write_csv
from tradewind.cli.report_shown import report_shown
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.errors import InvalidInput, NotFound
from tradewind.observability.clock import NS_PER_MS, SystemClock
from tradewind.settings import Settings, SolanaSettings
from tradewind.streaming.journal_file import check_version, connect_reader
from tradewind.streaming.journal_reader import JournalReader
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.wallets import SolanaBalances, SolanaWallets
from tradewind.venues.wallet_balances import ChainBalances

_WHEN = "A duration back from now (24h, 7d), or a point in time (2026-11-21, 2026-11-21T15:00:00Z)."

StrategyOption = Annotated[
    str | None, typer.Option("--strategy", metavar="NAME", help="Only this strategy: its name or its id.")
]
WalletOption = Annotated[str | None, typer.Option("--wallet", metavar="ADDRESS", help="Only this wallet.")]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="WHEN", help=f"Steps from then on. {_WHEN}")]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Steps before then.")]
LimitOption = Annotated[
    int, typer.Option("--limit", min=0, help="How many steps to show, the newest; --json and --csv have all.")
]
CsvOption = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every step to this file as well.")]
OfflineFlag = Annotated[
    bool, typer.Option("--offline", help="Ask no chain: leave out whether the wallets hold what they should.")
]


def report(
    *,
    strategy: StrategyOption = None,
    wallet: WalletOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 40,
    csv: CsvOption = None,
    offline: OfflineFlag = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Show what was quoted, simulated and filled, what it cost, what it earned, and whether it adds up on chain.

    The last part compares each wallet with its opening balance and every step since, to the unit. It covers all
    steps, whatever --since says. The exit code is 1 when a balance is not explained.

    Example: `tradewind report --since 24h --csv today.csv`
    """
    output, settings = Output(as_json=as_json), Settings.load(config)
    selection = Selection(
        since_ns=_moment_ns(since, "--since"),
        until_ns=_moment_ns(until, "--until"),
        strategy_id=None if strategy is None else _strategy_id(settings, strategy),
        wallet=None if wallet is None else _wallet(settings, wallet),
        steps=None if as_json or csv is not None else limit,
    )
    view = asyncio.run(_report(settings, selection, compare=not offline))
    if csv is not None:
        write_csv(csv, view)
    output.emit(view.model_dump(mode="json"), *report_shown(view, limit=limit, offline=offline))
    if csv is not None:
        output.say(f"{len(view.steps)} steps written to {csv}")
    if view.is_explained is False:
        raise typer.Exit(ExitCode.NOT_DONE)


async def _report(settings: Settings, selection: Selection, *, compare: bool) -> ReportView:
    async with AsyncExitStack() as stack:
        readers = _readers(settings, stack) if compare else {}
        _check_journal(settings.journal_file)
        log = JournalReader(settings.journal_file)
        stack.callback(log.close)
        reports = Reports(
            log=log,
            readers=readers,
            wallets=wallets_of(settings),
            names=names_of(settings),
            decimals=decimals_of(settings),
        )
        return await reports.report(selection, compare=compare)


def _readers(settings: Settings, stack: AsyncExitStack) -> dict[int, BalanceReader]:
    readers: dict[int, BalanceReader] = {number: _balances(settings, number, stack) for number in settings.chains}
    if settings.solana is not None:
        readers[SOLANA_MAINNET] = _solana_balances(settings.solana, stack)
    return readers


def _solana_balances(solana: SolanaSettings, stack: AsyncExitStack) -> SolanaBalances:
    pool = core.RPCConnectionPool(
        list(solana.rpc_urls),
        genesis_hash=solana.genesis_hash,
        quorum=solana.quorum,
        request_timeout_ms=solana.rpc_timeout_ms,
        requests_per_second=solana.requests_per_s,
        burst=solana.requests_per_s,
    )
    stack.callback(pool.close)
    cluster = SolanaCluster(pool, chain_id=SOLANA_MAINNET)
    return SolanaBalances(SolanaWallets(cluster, [token.address for token in solana.tokens]), cluster)


def _balances(settings: Settings, chain_id: int, stack: AsyncExitStack) -> ChainBalances:
    chain = settings.chains[chain_id]
    rpc = RpcClient(
        chain.rpc_urls,
        chain_id=chain_id,
        timeout_s=chain.rpc_timeout_ms / 1000,
        clock=SystemClock(),
        identity=ChainIdentity(chain_id, genesis_hash=chain.genesis_hash, file=settings.chain_file(chain_id)),
        quorum_size=chain.quorum,
        max_lag_blocks=chain.max_lag_blocks,
        requests_per_s=chain.requests_per_s,
    )
    stack.push_async_callback(rpc.close)
    client = EvmChain(rpc, chain_id=chain_id, multicall=chain.multicall)
    return ChainBalances(client, [token.address for token in chain.tokens])


def _check_journal(path: Path) -> None:
    if not path.exists():
        raise NotFound("journal_missing", f"There is no journal at {path}.", remedy="Start the service once.")
    with contextlib.closing(connect_reader(path)) as connection:
        check_version(connection, path)


def _moment_ns(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    if text[-1:] in "smhd" and text[:1].isdigit():
        return SystemClock().now_ns() - parse_duration_ms(text, option) * NS_PER_MS
    return parse_moment_ns(text, option, what="command line")


def _strategy_id(settings: Settings, text: str) -> UUID:
    known = settings.strategies.get(text)
    if known is not None:
        return known.id
    with contextlib.suppress(ValueError):
        return UUID(text)
    names = ", ".join(settings.strategies) or "none"
    message = f"'{text}' is no strategy (configured: {names}) and no id."
    raise InvalidInput.one("--strategy", "strategy_unknown", message, what="command line")


def _wallet(settings: Settings, text: str) -> str:
    wallets = wallets_of(settings)
    for wallet in wallets:
        if wallet.lower() == text.lower():
            return wallet
    message = f"'{text}' is the wallet of no strategy. There are: {', '.join(wallets) or 'none'}."
    raise InvalidInput.one("--wallet", "wallet_unknown", message, what="command line")
