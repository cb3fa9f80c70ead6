"""Wires what carries steps to their end: signing, landing, and the watch until they are final."""

from collections.abc import Mapping

from tradewind.bootstrap.chains import gas_policy, timing_of
from tradewind.execution.finality_watch import FinalityWatch
from tradewind.execution.kill_switch import KillSwitch
from tradewind.execution.later_attempts import LaterAttempts
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.step_landing import StepLanding
from tradewind.execution.step_runner import EvmStepRunner
from tradewind.execution.step_signing import StepSigning
from tradewind.execution.superseding import Superseding
from tradewind.execution.wallet_nonces import WalletNonces
from tradewind.observability.clock import Clock
from tradewind.settings import Settings
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.event_stream import EventStream
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.manager import VenueManager


def step_runner(
    settings: Settings,
    venues: VenueManager[EvmVenueAdapter],
    *,
    stream: EventStream,
    state: StateCoordinator,
    signer: SignerClient,
    chains: Mapping[int, EvmChain],
    switch: KillSwitch,
    locks: IntentLocks,
    clock: Clock,
) -> EvmStepRunner:
    """Signing, landing, and what helps a step along whose first transaction does not land."""
    timing = timing_of(settings)
    gas_policies = {chain_id: gas_policy(chain) for chain_id, chain in settings.chains.items()}
    later = LaterAttempts(signer=signer, chains=chains, gas_policies=gas_policies)
    nonces = WalletNonces(signer=signer, chains=chains, state=state, later=later)
    signing = StepSigning(
        venues=venues,
        signer=signer,
        clock=clock,
        chains=chains,
        timing=timing,
        state=state,
        switch=switch,
        later=later,
        nonces=nonces,
    )
    landing = StepLanding(
        stream=stream,
        venues=venues,
        clock=clock,
        chains=chains,
        timing=timing,
        state=state,
        switch=switch,
        later=later,
        nonces=nonces,
        locks=locks,
        rules={chain_id: Superseding(has_mempool=chain.has_mempool) for chain_id, chain in settings.chains.items()},
    )
    return EvmStepRunner(signing=signing, landing=landing)


def finality_watches(
    settings: Settings,
    *,
    stream: EventStream,
    state: StateCoordinator,
    signer: SignerClient,
    chains: Mapping[int, EvmChain],
    locks: IntentLocks,
    clock: Clock,
) -> list[FinalityWatch]:
    """One for each chain; whatever is confirmed and not final yet is watched again."""
    watches = [
        FinalityWatch(
            chain=chain,
            stream=stream,
            state=state,
            locks=locks,
            signer=signer,
            clock=clock,
            poll_interval_ms=settings.chains[chain_id].poll_interval_ms,
        )
        for chain_id, chain in chains.items()
    ]
    for watch in watches:
        watch.recover()
    return watches
