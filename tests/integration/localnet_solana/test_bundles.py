"""Bundles land whole and in order, or not at all."""

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.integration.localnet_solana.asking import Asking
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap, graph_of, pay
from tradewind.localnet.solana import FaultSettings, SolanaLocalnet
from tradewind.localnet.solana.events import AccountUpdate, EntryEvent, TransactionEvent


def lamports(chain: SolanaLocalnet, key: Pubkey) -> int:
    account = chain.node.account(key)
    return 0 if account is None else account.lamports


async def test_a_bundle_lands_in_order_and_each_transaction_sees_the_one_before(
    chain: SolanaLocalnet, rpc: Asking
) -> None:
    trader, poor = chain.wallets["trader"], Keypair()
    # The second one pays with what the first one brings.
    wires = [
        await rpc.signed([pay(trader.pubkey(), poor.pubkey(), 10_000_000)], trader),
        await rpc.signed([pay(poor.pubkey(), trader.pubkey(), 10_000_000 - 5000)], poor),
    ]
    events = chain.node.subscribe()
    outcome = chain.node.submit_bundle(wires)
    assert (outcome.refusal, outcome.slot) == (None, chain.node.slot)
    assert lamports(chain, poor.pubkey()) == 0
    told = events.pending()
    assert told[0] == EntryEvent(chain.node.slot, tuple(wires))
    landed = [event for event in told if isinstance(event, TransactionEvent)]
    assert [(event.index, event.signature) for event in landed] == list(enumerate(outcome.signatures))
    # Its account updates come before a transaction, and versions only grow.
    versions = [event.write_version for event in told if isinstance(event, AccountUpdate)]
    assert versions == sorted(set(versions))


async def test_a_bundle_with_a_failing_transaction_leaves_no_trace(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader, pool = chain.wallets["trader"], chain.description.pool("raydium_amm_v4", "SOL/USDC")
    receiver = Keypair().pubkey()
    wires = [
        await rpc.signed([pay(trader.pubkey(), receiver, 10_000_000)], trader),
        await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, 1)], trader),
        await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, 2**63)], trader),
    ]
    before, quoted = lamports(chain, trader.pubkey()), graph_of(chain).dump()
    events = chain.node.subscribe()
    outcome = chain.node.submit_bundle(wires)
    assert (outcome.slot, outcome.failed_index) == (None, 2)
    assert outcome.refusal is not None
    assert outcome.refusal.err == {"InstructionError": [0, {"Custom": 30}]}
    assert (lamports(chain, trader.pubkey()), lamports(chain, receiver)) == (before, 0)
    assert graph_of(chain).dump() == quoted
    assert events.pending() == []
    # Nothing of it counts as processed: the good ones land by themselves.
    assert chain.node.submit_bundle(wires[:2]).slot == chain.node.slot


async def test_a_bundle_with_a_landed_transaction_is_refused(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader = chain.wallets["trader"]
    wires = [await rpc.signed([pay(trader.pubkey(), trader.pubkey(), number)], trader) for number in (1, 2)]
    chain.node.submit(wires[1], lane="rpc")
    outcome = chain.node.submit_bundle(wires)
    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.failed_index) == ("already_processed", 1)


async def test_too_many_none_and_twins_are_refused_by_name(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader = chain.wallets["trader"]
    wires = [await rpc.signed([pay(trader.pubkey(), trader.pubkey(), number)], trader) for number in range(1, 7)]
    refused = [chain.node.submit_bundle(bundle).refusal for bundle in ([], wires, [wires[0]] * 2, [b"\xff"])]
    codes = [None if refusal is None else str(refusal.code) for refusal in refused]
    assert codes == ["bundle_empty", "bundle_too_large", "bundle_duplicate", "malformed"]


async def test_an_unbundled_bundle_lands_in_parts(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader, pool = chain.wallets["trader"], chain.description.pool("raydium_amm_v4", "SOL/USDC")
    receiver = Keypair().pubkey()
    wires = [
        await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, 10**9, 2**63)], trader),
        await rpc.signed([pay(trader.pubkey(), receiver, 10_000_000)], trader),
    ]
    chain.node.faults.set(FaultSettings(unbundle=True))
    outcome = chain.node.submit_bundle(wires)
    assert outcome.unbundled
    errors = [None if item.meta is None else item.meta.err for item in outcome.submissions]
    assert errors == [{"InstructionError": [0, {"Custom": 30}]}, None]
    assert lamports(chain, receiver) == 10_000_000
