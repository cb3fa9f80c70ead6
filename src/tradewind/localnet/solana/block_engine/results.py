"""The results of bundles as the searcher service tells them."""

from tradewind.localnet.solana.block_engine.bundle import BundleRecord
from tradewind.localnet.solana.protocol import bundle_pb2 as messages


class Results:
    """Makes the messages; `validator` is the leader's identity, base58."""

    def __init__(self, validator: str) -> None:
        self._validator = validator

    def accepted(self, record: BundleRecord, slot: int) -> messages.BundleResult:
        """Handed to the leader."""
        accepted = messages.Accepted(slot=slot, validator_identity=self._validator)
        return messages.BundleResult(bundle_id=record.bundle.id, accepted=accepted)

    def processed(self, record: BundleRecord, slot: int, index: int) -> messages.BundleResult:
        """In a block, as its bundle number `index`."""
        processed = messages.Processed(validator_identity=self._validator, slot=slot, bundle_index=index)
        return messages.BundleResult(bundle_id=record.bundle.id, processed=processed)

    def finalized(self, record: BundleRecord) -> messages.BundleResult:
        """In a block that stays."""
        return messages.BundleResult(bundle_id=record.bundle.id, finalized=messages.Finalized())

    def dropped(self, record: BundleRecord, reason: messages.DroppedReason) -> messages.BundleResult:
        """Handed on, and not on the chain."""
        return messages.BundleResult(bundle_id=record.bundle.id, dropped=messages.Dropped(reason=reason))

    def failed_simulation(self, record: BundleRecord, signature: str) -> messages.BundleResult:
        """A transaction of it fails."""
        failure = messages.SimulationFailure(tx_signature=signature, msg=record.why)
        rejected = messages.Rejected(simulation_failure=failure)
        return messages.BundleResult(bundle_id=record.bundle.id, rejected=rejected)

    def outbid(self, record: BundleRecord, auction: int) -> messages.BundleResult:
        """Another bundle took the accounts that it wanted to write, or its tip was too low for any auction."""
        lost = messages.StateAuctionBidRejected(
            auction_id=str(auction), simulated_bid_lamports=record.tip_lamports, msg=record.why
        )
        rejected = messages.Rejected(state_auction_bid_rejected=lost)
        return messages.BundleResult(bundle_id=record.bundle.id, rejected=rejected)
