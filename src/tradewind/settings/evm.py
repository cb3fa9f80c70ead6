"""One EVM chain: its endpoints, its gas, its tokens and its venues."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tradewind.domain.address import EvmAddress
from tradewind.domain.asset import Symbol
from tradewind.domain.model import Model
from tradewind.domain.token_list import Token
from tradewind.settings.fields import BlockHash, FeePips, RpcUrl, all_different, different_endpoints


class GasSettings(Model):
    """How much more than expected a transaction may take, and the most it may ever take."""

    base_fee_multiplier_percent: Annotated[int, Field(ge=100, le=1_000)] = 200
    """The fee that is offered, of the base fee of the newest block. What is not needed is not paid."""
    gas_padding_percent: Annotated[int, Field(ge=0, le=300)] = 30
    """Added to the estimate. Unused gas is not paid for."""
    gas_limit_max: Annotated[int, Field(ge=21_000, le=100_000_000)] = 5_000_000
    """A transaction that needs more is refused."""


class UniswapV3Settings(Model):
    """The contracts of one Uniswap V3 deployment and which of its pools are looked at."""

    factory: EvmAddress
    """UniswapV3Factory, which says where a pool is."""
    router: EvmAddress
    """SwapRouter02, which swaps."""
    quoter: EvmAddress
    """QuoterV2, with which `tradewind doctor` compares our quotes."""
    fees_pips: Annotated[tuple[FeePips, ...], Field(min_length=1, max_length=16), AfterValidator(all_different)] = (
        100,
        500,
        3_000,
        10_000,
    )
    """The fees of the pools that are looked at, in hundredths of a basis point."""
    max_hops: Annotated[int, Field(ge=1, le=4)] = 3
    """Pools that one path may pass."""
    max_paths: Annotated[int, Field(ge=1, le=8)] = 4
    """Legs that one swap is split over; 1 switches splitting off."""


class VenuesSettings(Model):
    """The venues of one chain."""

    uniswap_v3: UniswapV3Settings | None = None


class ChainSettings(Model):
    """One EVM chain, by its id: only what is listed here is traded."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    """What people call the chain."""
    rpc_urls: Annotated[
        tuple[RpcUrl, ...], Field(min_length=1, max_length=16, repr=False), AfterValidator(different_endpoints)
    ]
    """Its nodes; of several, the one that answers best is asked. A key in a URL is shown nowhere."""
    genesis_hash: BlockHash | None = None
    """The hash of block 0; without it the first one seen, which is remembered in `data_dir`."""
    quorum: Annotated[int, Field(ge=1, le=16)] | None = None
    """Endpoints that must agree before what cannot be undone; without it more than half of them."""
    max_lag_blocks: Annotated[int, Field(ge=1, le=100_000)] = 40
    """An endpoint further behind the newest block seen is passed over."""
    requests_per_s: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """The most that one endpoint is asked; without it there is no limit."""
    poll_interval_ms: Annotated[int, Field(ge=10, le=60_000)] = 250
    """How often a new block is asked for."""
    rpc_timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 10_000
    """How long one request may take."""
    min_landing_ms: Annotated[int, Field(ge=0, le=600_000)] = 2_000
    """An intent whose deadline is nearer than this is not started."""
    max_validity_s: Annotated[int, Field(ge=1, le=604_800)] = 3_600
    """No transaction is valid longer. Not more than the signer's."""
    confirmations: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Blocks, the transaction's own included, after which an intent goes on."""
    has_mempool: bool = False
    """Whether pending transactions can be replaced by dearer ones; not on Arbitrum."""
    recovery_half_life_ms: Annotated[int, Field(ge=1, le=604_800_000)] = 60_000
    """Assumed: half of a move of the price is gone after this. Decides how intents are sliced."""
    gas: GasSettings = GasSettings()
    native_symbol: Symbol = "ETH"
    """The coin in which gas is paid."""
    wrapped_native: Symbol
    """The listed token that stands for it in pools."""
    multicall: EvmAddress
    """Multicall3, through which many reads are one."""
    stable_symbols: Annotated[tuple[Symbol, ...], Field(max_length=16), AfterValidator(all_different)] = ()
    """Listed tokens that are counted as 1 USD: what accounts are reckoned in."""
    reference_probe_usd: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000
    """A pool gives a price if this much, from either side, moves it by 2 % at most."""
    tokens: Annotated[tuple[Token, ...], Field(min_length=1, max_length=512)]
    venues: VenuesSettings = VenuesSettings()
