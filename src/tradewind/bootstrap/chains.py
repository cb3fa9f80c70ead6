"""Connects the chains of the configuration: their endpoints, their venues, and the prices read from them."""

from collections.abc import Iterator, Mapping, Sequence

from tradewind.accounting.reference_price import PricedChain, ReferencePrices
from tradewind.domain.chain import ChainTiming
from tradewind.domain.token_list import TokenList
from tradewind.observability.clock import Clock
from tradewind.settings import ChainSettings, Settings
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasPolicy
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment


def timing_of(settings: Settings) -> dict[int, ChainTiming]:
    """How long things take on each chain."""
    return {
        chain_id: ChainTiming(
            chain.min_landing_ms,
            chain.max_validity_s,
            chain.poll_interval_ms,
            chain.confirmations if isinstance(chain, ChainSettings) else 1,
            recovery_half_life_ms=chain.recovery_half_life_ms,
        )
        for chain_id, chain in settings.every_chain().items()
    }


def chain_of(settings: Settings, chain_id: int, clock: Clock) -> EvmChain:
    """The chain through its endpoints; whoever asks for it closes `rpc`."""
    chain = settings.chains[chain_id]
    rpc = RpcClient(
        chain.rpc_urls,
        chain_id=chain_id,
        timeout_s=chain.rpc_timeout_ms / 1000,
        clock=clock,
        identity=ChainIdentity(chain_id, genesis_hash=chain.genesis_hash, file=settings.chain_file(chain_id)),
        quorum_size=chain.quorum,
        max_lag_blocks=chain.max_lag_blocks,
        requests_per_s=chain.requests_per_s,
    )
    return EvmChain(rpc, chain_id=chain_id, multicall=chain.multicall)


def venues_of(settings: Settings, chains: Mapping[int, EvmChain], tokens: TokenList) -> Iterator[EvmVenueAdapter]:
    """Every venue that the configuration names."""
    for chain_id, chain in settings.chains.items():
        if (uniswap := chain.venues.uniswap_v3) is not None:
            wrapped = tokens.named(chain_id, chain.wrapped_native)
            yield UniswapV3Adapter(
                chains[chain_id],
                UniswapV3Deployment(
                    factory=uniswap.factory,
                    router=uniswap.router,
                    fees_pips=uniswap.fees_pips,
                    max_hops=uniswap.max_hops,
                    max_paths=uniswap.max_paths,
                ),
                tokens=tokens.on_chain(chain_id),
                wrapped_native=wrapped.address if wrapped else "",
                gas_policy=gas_policy(chain),
            )


def reference_prices(settings: Settings, venues: Sequence[VenueAdapter], tokens: TokenList) -> ReferencePrices:
    """Prices from the venues of each chain, against the tokens that its configuration calls stable."""
    chains = {}
    for chain_id, chain in settings.every_chain().items():
        by_symbol = {token.symbol: token.address for token in tokens.on_chain(chain_id)}
        chains[chain_id] = PricedChain(
            venues=[venue for venue in venues if venue.chain_id == chain_id],
            stables=frozenset(by_symbol[symbol] for symbol in chain.stable_symbols),
            wrapped_native=by_symbol[chain.wrapped_native],
            probe_usd=chain.reference_probe_usd,
        )
    return ReferencePrices(chains, tokens)


def gas_policy(chain: ChainSettings) -> GasPolicy:
    """What transactions offer and may use."""
    return GasPolicy(
        base_fee_multiplier_percent=chain.gas.base_fee_multiplier_percent,
        padding_percent=chain.gas.gas_padding_percent,
        limit_max=chain.gas.gas_limit_max,
    )
