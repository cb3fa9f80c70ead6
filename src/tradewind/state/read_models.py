"""The read model in memory: the intents that the chain can still change, in the order in which they were submitted."""

import hashlib
import json
from collections.abc import Iterator
from uuid import UUID

from tradewind.domain.events import IntentCancelRequested, IntentEvent
from tradewind.domain.status import ImpossibleMove
from tradewind.errors import Damaged
from tradewind.state.fold import ImpossibleHistory, fold
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded


class OpenIntents:
    """Views of the intents that are not settled. `seq` is the place in the journal up to which they are current.

    One that has ended stays until its transactions are finalized, since a reorganisation can open it again; it is
    kept apart from those that are open, which are counted and iterated over.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._open: dict[UUID, IntentView] = {}
        self._ended: dict[UUID, IntentView] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[IntentView]:
        return iter(sorted(self._open.values(), key=lambda view: view.first_seq))

    def ended(self) -> list[IntentView]:
        """Those that have ended, and that a reorganisation can open again."""
        return list(self._ended.values())

    def get(self, intent_id: UUID) -> IntentView | None:
        """The view of an intent that is not settled."""
        return self._open.get(intent_id) or self._ended.get(intent_id)

    def apply(self, recorded: Recorded) -> IntentView | None:
        """Fold the next row in; returns the view it changed, also when that is settled and forgotten here.

        Raises Damaged `log_contradicts_itself` when the row cannot follow those before it.
        """
        if recorded.seq != self.seq + 1:
            raise ValueError(f"row {recorded.seq} does not follow row {self.seq}")
        body = recorded.envelope.body
        view = None
        if isinstance(body, IntentEvent):
            known = self.get(body.intent_id)
            # A cancellation can be recorded just behind the end that it came too late for.
            if known is not None or not isinstance(body, IntentCancelRequested):
                view = _folded(known, recorded)
                self._keep(body.intent_id, view)
        self.seq = recorded.seq
        return view

    def _keep(self, intent_id: UUID, view: IntentView | None) -> None:
        if view is not None and not view.status.is_final:
            self._ended.pop(intent_id, None)
            self._open[intent_id] = view
            return
        self._open.pop(intent_id, None)
        if view is None or view.is_settled:
            self._ended.pop(intent_id, None)
        else:
            self._ended[intent_id] = view

    def oldest_seq(self) -> int | None:
        """Where the oldest intent that is not settled was submitted."""
        return min((view.first_seq for view in (*self._open.values(), *self._ended.values())), default=None)

    def digest(self) -> str:
        """SHA-256 in hex of the canonical JSON of every view, by id."""
        views = sorted((*self._open.values(), *self._ended.values()), key=lambda view: view.intent.id)
        text = json.dumps([view.model_dump(mode="json") for view in views], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _folded(view: IntentView | None, recorded: Recorded) -> IntentView | None:
    try:
        return fold(view, recorded)
    except (ImpossibleHistory, ImpossibleMove) as error:
        raise Damaged(
            "log_contradicts_itself",
            f"Row {recorded.seq} of the journal cannot follow the rows before it: {error}.",
            remedy="Stop, keep a copy of the journal, and have its history looked at.",
        ) from error
