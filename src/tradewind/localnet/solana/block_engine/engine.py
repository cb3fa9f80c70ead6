"""The block engine itself: takes bundles, holds the auction, and follows what became of each on the chain."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence

from solders.signature import Signature

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.block_engine.bundle import Bundle, BundleRecord, InflightStatus, read_bundle
from tradewind.localnet.solana.block_engine.options import BlockEngineOptions
from tradewind.localnet.solana.block_engine.results import Results
from tradewind.localnet.solana.block_engine.tip_floor import TipFloor
from tradewind.localnet.solana.block_engine.tips import received_tip_lamports, transferred_tip_lamports
from tradewind.localnet.solana.events import NodeEvent, SlotEvent, TransactionEvent
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.outbox import Audience
from tradewind.localnet.solana.protocol import bundle_pb2 as messages
from tradewind.localnet.solana.submission import BundleOutcome, RefusalCode

LANE = "jito"
_EVENTS_WAITING = 100_000


class BlockEngine:
    """One auction for all regions over one node. `results` and `tips` are told to whoever joins them.

    A bundle that was taken is not yet on the chain: `status` and `landed` say what is known of it.
    """

    def __init__(self, node: SolanaNode, options: BlockEngineOptions) -> None:
        self.options = options
        self.node = node
        self.tip_floor = TipFloor(options.minimum_tip_lamports)
        self.results: Audience[messages.BundleResult] = Audience(options.max_subscribers, options.max_queued_results)
        self.tips: Audience[bytes] = Audience(options.max_subscribers, options.max_queued_results)
        self._tell = Results(str(node.identity.pubkey()))
        self._records: OrderedDict[str, BundleRecord] = OrderedDict()
        self._by_signature: dict[str, set[str]] = {}
        self._auctions = 0
        self._bundles_in_slot: tuple[int, int] = (0, 0)
        self._events = node.subscribe(_EVENTS_WAITING)
        self._tasks = [asyncio.create_task(self._follow(), name="block-engine-follow")]
        if options.auction_every_ms is not None:
            self._tasks.append(asyncio.create_task(self._tick(options.auction_every_ms), name="block-engine-auction"))

    # Taking bundles

    def take(self, wires: Sequence[bytes], region: str) -> str:
        """Take a bundle for the next auction, and give its id. LocalnetError says why not.

        The same bundle from another region is the same bundle; from the same region it is refused while it is pending
        or landed.
        """
        bundle = read_bundle(wires, max_transaction_bytes=self.node.options.max_transaction_bytes)
        return self._remember(bundle, region).bundle.id

    def take_transaction(self, wire: bytes, region: str, *, bundle_only: bool) -> tuple[str, str]:
        """Take one transaction: its signature, and the id of the bundle of one that it became.

        Without `bundle_only` it goes to the leader at once, where it may fail and pay its fee.
        """
        bundle = read_bundle([wire], max_transaction_bytes=self.node.options.max_transaction_bytes)
        record = self._remember(bundle, region)
        if not bundle_only and not record.forwarded:
            record.forwarded = True
            submission = self.node.submit(wire, lane=LANE)
            if submission.refusal is not None:
                record.fail(submission.refusal.message)
            elif submission.meta is not None and submission.meta.err is not None:
                record.fail(f"the transaction failed: {submission.meta.err}")
            elif submission.slot is not None:
                self._landed(record, submission.slot)
        return bundle.signatures[0], bundle.id

    def _remember(self, bundle: Bundle, region: str) -> BundleRecord:
        self._check_chain(bundle)
        self._forget_old()
        record = self._records.get(bundle.id)
        if record is not None and record.status is not InflightStatus.FAILED:
            if region in record.regions:
                raise LocalnetError("duplicate_bundle", f"bundle {bundle.id} was already received and has not failed")
            record.regions.add(region)
            return record
        pending = sum(other.status is InflightStatus.PENDING for other in self._records.values())
        if pending >= self.options.max_pending_bundles:
            raise LocalnetError("too_many_requests", f"{pending} bundles are waiting for the auction already")
        record = BundleRecord(bundle, self.options.clock.now_ns(), self._tip_lamports(bundle))
        record.regions.add(region)
        self._records[bundle.id] = record
        self._records.move_to_end(bundle.id)
        for signature in bundle.signatures:
            self._by_signature.setdefault(signature, set()).add(bundle.id)
        return record

    def _check_chain(self, bundle: Bundle) -> None:
        for transaction in bundle.transactions:
            # Jito's own words: clients look for them.
            if self.node.signature_status(transaction.signatures[0]) is not None:
                raise LocalnetError("invalid_bundle", "bundle contains an already processed transaction")
            if not self.node.is_blockhash_valid(transaction.message.recent_blockhash):
                raise LocalnetError("invalid_bundle", "bundle contains an expired blockhash")

    def _tip_lamports(self, bundle: Bundle) -> int:
        paid = sum(transferred_tip_lamports(transaction) for transaction in bundle.transactions)
        if paid >= self.options.minimum_tip_lamports:
            return paid
        # A program may pay the tip: then only running the transaction shows it.
        simulations = (self.node.simulate(wire) for wire in bundle.wires)
        return max(paid, sum(received_tip_lamports(done.meta) for done in simulations if done.meta is not None))

    # The auction

    def auction(self) -> None:
        """Offer what is pending to the leader, the highest tip for a compute unit first."""
        self._auctions += 1
        waiting = [
            record
            for record in self._records.values()
            if record.status is InflightStatus.PENDING and not record.forwarded
        ]
        # Exact comparison of tip/units without fractions: units are at most 5 * 1.4 million.
        waiting.sort(key=lambda record: -(record.tip_lamports * 10**9 // record.bundle.compute_units))
        won: list[BundleRecord] = []
        for record in waiting:
            if record.tip_lamports < self.options.minimum_tip_lamports:
                least = self.options.minimum_tip_lamports
                record.fail(f"its tip of {record.tip_lamports} lamports is below the minimum of {least}")
                self.results.tell(self._tell.outbid(record, self._auctions))
                continue
            self._offer(record, won)

    def _offer(self, record: BundleRecord, won: list[BundleRecord]) -> None:
        record.forwarded = True
        outcome = self.node.submit_bundle(list(record.bundle.wires), lane=LANE)
        if outcome.unbundled:
            self._taken_apart(record, outcome)
        elif outcome.slot is not None:
            self.results.tell(self._tell.accepted(record, outcome.slot))
            self._landed(record, outcome.slot)
            won.append(record)
        elif outcome.dropped or outcome.delayed:
            self.results.tell(self._tell.accepted(record, self.node.slot))
        else:
            self._refused(record, outcome, won)

    def _taken_apart(self, record: BundleRecord, outcome: BundleOutcome) -> None:
        done = [
            item.slot is not None and item.meta is not None and item.meta.err is None for item in outcome.submissions
        ]
        self.results.tell(self._tell.accepted(record, self.node.slot))
        if all(done) and outcome.slot is not None:
            self._landed(record, outcome.slot)
            return
        record.fail("the bundle was taken apart")
        self.results.tell(self._tell.dropped(record, messages.DroppedReason.PartiallyProcessed))

    def _refused(self, record: BundleRecord, outcome: BundleOutcome, won: list[BundleRecord]) -> None:
        place = outcome.failed_index or 0
        code = outcome.refusal.code if outcome.refusal is not None else None
        err = outcome.failed_meta.err if outcome.failed_meta is not None else None
        record.fail(f"transaction {place}: {outcome.refusal.message if outcome.refusal is not None else err}")
        if code is RefusalCode.BLOCKHASH_UNKNOWN:
            self.results.tell(self._tell.dropped(record, messages.DroppedReason.BlockhashExpired))
        elif any(record.bundle.writes & winner.bundle.writes for winner in won):
            self.results.tell(self._tell.outbid(record, self._auctions))
        elif code is RefusalCode.ALREADY_PROCESSED:
            self.results.tell(self._tell.dropped(record, messages.DroppedReason.PartiallyProcessed))
        else:
            self.results.tell(self._tell.failed_simulation(record, record.bundle.signatures[place]))

    def _landed(self, record: BundleRecord, slot: int) -> None:
        record.land(slot)
        last, count = self._bundles_in_slot
        index = count if last == slot else 0
        self._bundles_in_slot = (slot, index + 1)
        self.results.tell(self._tell.processed(record, slot, index))
        self.tip_floor.landed(record.tip_lamports)
        self.tips.tell(self.described_tips())

    # What became of them

    def record(self, bundle: str) -> BundleRecord | None:
        """A bundle of the last five minutes (as configured)."""
        self._forget_old()
        return self._records.get(bundle)

    def described_tips(self) -> bytes:
        """The tip levels as JSON."""
        return json.dumps(self.tip_floor.described(self.options.clock.now_ns())).encode()

    async def _tick(self, every_ms: int) -> None:
        while True:
            await self.options.clock.sleep(every_ms / 1_000)
            self.auction()

    async def _follow(self) -> None:
        async for event in self._events:
            self._heard(event)

    def catch_up(self) -> None:
        """Take note of everything that the node has told so far, without waiting for the loop to come round."""
        for event in self._events.pending():
            self._heard(event)

    def _heard(self, event: NodeEvent) -> None:
        match event:
            case TransactionEvent() if event.err is None:
                self._saw(event.signature, event.slot)
            case SlotEvent(status="dead"):
                self._died(event.slot)
            case SlotEvent(status="confirmed" | "finalized" as level):
                self._reached(event.slot, level)
            case SlotEvent(status="created"):
                self._expire()
                if self.options.auction_every_ms is None:
                    self.auction()
            case _:
                pass

    def _saw(self, signature: Signature, slot: int) -> None:
        for bundle in self._by_signature.get(str(signature), ()):
            record = self._records[bundle]
            if record.status is not InflightStatus.PENDING:
                continue
            record.seen_in[str(signature)] = slot
            slots = {record.seen_in.get(own) for own in record.bundle.signatures}
            if slots == {slot}:
                self._landed(record, slot)

    def _died(self, slot: int) -> None:
        for record in self._records.values():
            if record.landed_slot == slot:
                record.seen_in.clear()
                record.fail(f"slot {slot} was left by a fork")
                self.results.tell(self._tell.dropped(record, messages.DroppedReason.NotFinalized))

    def _reached(self, slot: int, level: str) -> None:
        for record in self._records.values():
            if record.landed_slot is None or record.landed_slot > slot or record.commitment == "finalized":
                continue
            if level == "finalized":
                self.results.tell(self._tell.finalized(record))
            record.commitment = level

    def _expire(self) -> None:
        for record in self._records.values():
            if record.status is InflightStatus.PENDING and record.forwarded:
                hashes = (transaction.message.recent_blockhash for transaction in record.bundle.transactions)
                if not all(map(self.node.is_blockhash_valid, hashes)):
                    partly = bool(record.seen_in)
                    record.fail("its blockhash expired")
                    reason = (
                        messages.DroppedReason.PartiallyProcessed if partly else messages.DroppedReason.BlockhashExpired
                    )
                    self.results.tell(self._tell.dropped(record, reason))

    def _forget_old(self) -> None:
        oldest_ns = self.options.clock.now_ns() - self.options.look_back_ms * 1_000_000
        while self._records:
            first = next(iter(self._records.values()))
            if first.received_ns >= oldest_ns and len(self._records) <= self.options.max_remembered_bundles:
                return
            del self._records[first.bundle.id]
            for signature in first.bundle.signatures:
                others = self._by_signature[signature]
                others.discard(first.bundle.id)
                if not others:
                    del self._by_signature[signature]

    async def close(self) -> None:
        """Stop the auction and end the subscriptions."""
        self._events.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.results.close()
        self.tips.close()
