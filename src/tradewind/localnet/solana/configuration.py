"""The configurations of a service and a signer that trade on a local Solana."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from tradewind.domain.chain import LAMPORTS, SYSTEM_PROGRAM, WRAPPED_SOL
from tradewind.localnet.solana.description import DescribedMint, SolanaLocalnetDescription
from tradewind.venues.solana.wallets import TOKEN_PROGRAMS

STRATEGY_ID = UUID("a1b2c3d4-e5f6-7890-1234-567890abcdef")
_PROGRAMS = (
    SYSTEM_PROGRAM,
    "ComputeBudget111111111111111111111111111111",
    *TOKEN_PROGRAMS,
    "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
    "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8",
    "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA",
    "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P",
)


class Tokens(Protocol):
    """Whatever names the tokens that may be traded."""

    @property
    def mints(self) -> Sequence[DescribedMint]:
        """Wrapped SOL among them."""


def service_toml(chain: SolanaLocalnetDescription, *, wallet: str, port: int = 8420, lane: str = "auto") -> str:
    """The service's configuration: every token and pool of the market, one strategy with this wallet.

    `lane` is how transactions are sent: `tpu` and `jito` go to the servers in front of the chain.
    """
    tokens = "\n".join(
        f'[[solana.tokens]]\nsymbol = "{mint.symbol}"\naddress = "{mint.mint}"\ndecimals = {mint.decimals}\n'
        for mint in chain.mints
    )
    pools = "".join(f'  "{pool.pool}",  # {pool.venue} {pool.name}\n' for pool in chain.pools)
    jito = _jito(chain.urls["jito"], chain.urls["jito_grpc"]) if lane == "jito" else ""
    wrapped = next(mint.symbol for mint in chain.mints if mint.mint == WRAPPED_SOL)
    return f"""data_dir = "data"
signer_socket = "signer.sock"

[api]
port = {port}

[solana]
name = "local Solana"
rpc_urls = ["{chain.urls["rpc"]}"]
websocket_urls = ["{chain.urls["websocket"]}"]
genesis_hash = "{chain.genesis_hash}"
wrapped_native = "{wrapped}"
stable_symbols = ["USDC"]
requests_per_s = 10000
max_compute_unit_price_micro_lamports = 200000
lane = "{lane}"
tpu = {"true" if lane == "tpu" else "false"}
lookup_tables = ["{chain.lookup_table}"]
pools = [
{pools}]

{tokens}{jito}
[strategies.example]
id = "{STRATEGY_ID}"
wallet = "{wallet}"
max_slippage_bps = 100
max_price_impact_bps = 500
"""


def _jito(url: str, grpc_url: str) -> str:
    """The block engine over both of its doors, and its tips."""
    return f"""[solana.jito]
regions = ["{url}", "{grpc_url.replace("http", "grpc", 1)}"]
tip_stream_url = "{url.replace("http", "ws", 1)}/api/v1/bundles/tip_stream"
tip_floor_url = "{url}/api/v1/bundles/tip_floor"
requests_per_s = 100
"""


def signer_toml(chain: Tokens, *, wallet: str) -> str:
    """The signer's configuration: what the market needs, and limits that a test can reach."""
    tokens = "\n".join(_token(mint.symbol, mint.mint, mint.decimals) for mint in chain.mints)
    # Fees, tips and rents, and whatever a trade against pump's curve sells: that moves the wallet's own SOL.
    native = _token("native SOL", LAMPORTS, 9, most=100)
    programs = "".join(f'  "{program}",\n' for program in _PROGRAMS)
    return f"""socket = "signer.sock"
gate = "gate.db"
key_file = "keys.age"
allowed_uids = []

[[wallets]]
address = "{wallet}"
chains = [101]

[strategies."{STRATEGY_ID}"]
wallets = ["{wallet}"]

[chains.101]
programs = [
{programs}]
max_tip_lamports = 1000000
max_compute_units = 1400000
max_compute_unit_price_micro_lamports = 1000000
max_fee_lamports = 5000000
max_slippage_bps = 100
blockhash_life_s = 120
settlement_quorum = 1

{native}
{tokens}"""


def strategy_yaml(chain: SolanaLocalnetDescription, *, wallet: str) -> str:
    """An engine's file for arbitrage over the market's pools, for a folder two below that of the signer's socket."""
    return f"""strategy: arb
mode: live                    # paper tells what it would do, and signs nothing
executes: engine
chain:
  chain_id: 101
  rpc: ["{chain.urls["rpc"]}"]
  websocket: "{chain.urls["websocket"]}"
  genesis_hash: {chain.genesis_hash}
signer: {{socket: ../../signer.sock}}
feeds: {{kind: websocket}}
inventory:
  programs:
    - {chain.programs["Raydium AMM v4"]}
    - {chain.programs["PumpSwap"]}
limits:                       # saved changes of limits, blacklist and parameters are in force at once
  max_opportunity_age_ms: 2000
blacklist: []
parameters:
  strategy_id: {STRATEGY_ID}
  lookup_tables: [{chain.lookup_table}]
  bases:
    - {{mint: {WRAPPED_SOL}, min_profit_raw: 100000, max_amount_in_raw: 20000000000}}
  max_hops: 3
commander:
  wallet: {wallet}
"""


def rules_yaml(chain: SolanaLocalnetDescription) -> str:
    """Market rules for it: it runs while the two pools of WIND are far apart."""
    pools = ", ".join(chain.pool(venue, "WIND/SOL").pool for venue in ("raydium_amm_v4", "pumpswap"))
    return f"""chain:
  chain_id: 101
  rpc: ["{chain.urls["rpc"]}"]
  websocket: "{chain.urls["websocket"]}"
  genesis_hash: {chain.genesis_hash}
look_every_ms: 200
measures:
  spread:
    wind: {{pools: [{pools}]}}
rules:
  - instance: arb/main
    start_when: {{any: [{{measure: spread.wind, at_least_ppm: 100000}}]}}
    stop_when: {{any: [{{measure: spread.wind, at_most_ppm: 60000, for_s: 1}}]}}
    run_at_least_s: 1
    cooldown_s: 1
"""


def _token(symbol: str, address: str, decimals: int, *, most: int = 1_000_000) -> str:
    return f"""[[chains.101.tokens]]
symbol = "{symbol}"
address = "{address}"
decimals = {decimals}
max_per_transaction = "{most}"
max_per_hour = "{10 * most}"
max_per_day = "{10 * most}"
max_signed_per_day = "{30 * most}"
"""
