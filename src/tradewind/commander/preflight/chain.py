"""What is on the chain: its clock beside ours, the wallet's money, and that programs and pools exist."""

from collections.abc import Sequence

from tradewind import core
from tradewind.commander.finding import Finding, failed, good, wrong
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.domain.amount import format_raw
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.errors import TradewindError
from tradewind.observability.clock import Clock
from tradewind.venues.solana.cluster import CLOCK, Account, Accounts, SolanaCluster

TIMEOUT_MS = 5_000
# BPFLoader of each generation, and the native one.
LOADERS = frozenset(
    {
        "BPFLoaderUpgradeab1e11111111111111111111111",
        "BPFLoader2111111111111111111111111111111111",
        "BPFLoader1111111111111111111111111111111111",
        "LoaderV411111111111111111111111111111111111",
        "NativeLoader1111111111111111111111111111111",
    }
)


async def check_chain(settings: StrategySettings, answering: Sequence[str], clock: Clock) -> list[Finding]:
    """Read through the endpoints that answer, in one slot."""
    limits, wallet = settings.commander.preflight, settings.commander.wallet
    pool = core.RPCConnectionPool(
        list(answering), genesis_hash=settings.chain.genesis_hash, request_timeout_ms=TIMEOUT_MS
    )
    programs = list(dict.fromkeys([*settings.inventory.programs, *limits.programs]))
    asked = [CLOCK, *programs, *limits.pools, *([wallet] if wallet else [])]
    try:
        found = await SolanaCluster(pool, chain_id=SOLANA_MAINNET).accounts(list(dict.fromkeys(asked)))
        return [
            _clock(found, settings, clock),
            *([_money(found.by_address[wallet], wallet, settings)] if wallet else []),
            *_programs(found, programs),
            *_pools(found, limits.pools),
        ]
    except TradewindError as error:
        return [failed("chain", error)]
    finally:
        pool.close()


def _clock(found: Accounts, settings: StrategySettings, clock: Clock) -> Finding:
    """The chain's clock has whole seconds: an offset below one is none."""
    most_ms = settings.commander.preflight.most_clock_offset_ms
    offset_ms = clock.now_ns() // 1_000_000 - found.clock.unix_timestamp * 1_000
    said = f"{offset_ms / 1_000:+.1f} s beside the chain's"
    if abs(offset_ms) > most_ms:
        remedy = f"Set this machine's clock (NTP); or allow more than {most_ms} ms where the chain's is off."
        return wrong("clock", said, remedy)
    return good("clock", said)


def _money(account: Account | None, wallet: str, settings: StrategySettings) -> Finding:
    least = settings.commander.preflight.least_balance_lamports
    lamports = account.lamports if account else 0
    said = f"{wallet} holds {format_raw(lamports, 9, 'SOL')}"
    if lamports < least:
        return wrong("balance", said, f"Send it at least {format_raw(least - lamports, 9, 'SOL')}.")
    return good("balance", said)


def _programs(found: Accounts, programs: Sequence[str]) -> list[Finding]:
    if not programs:
        return []
    missing = [each for each in programs if (account := found.by_address[each]) is None or account.owner not in LOADERS]
    if missing:
        remedy = "Correct inventory.programs or commander.preflight.programs, or the network."
        return [wrong("programs", f"no program at {', '.join(missing)}", remedy)]
    return [good("programs", f"all {len(programs)} exist")]


def _pools(found: Accounts, pools: Sequence[str]) -> list[Finding]:
    if not pools:
        return []
    missing = [each for each in pools if (account := found.by_address[each]) is None or not account.data]
    if missing:
        shown = ", ".join(missing[:3])
        remedy = "Correct commander.preflight.pools, or the network."
        return [wrong("pools", f"{len(missing)} of {len(pools)} do not exist: {shown}", remedy)]
    return [good("pools", f"all {len(pools)} exist")]
