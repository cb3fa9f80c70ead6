"""The read model in memory: the open intents, in the order in which they were submitted."""

import hashlib
import json
from collections.abc import Iterator
from uuid import UUID

from tradewind.domain.events import IntentEvent
from tradewind.domain.status import ImpossibleMove
from tradewind.errors import Damaged
from tradewind.state.fold import ImpossibleHistory, fold
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded


class OpenIntents:
    """Views of the intents that have not ended. `seq` is the place in the journal up to which they are current."""

    def __init__(self) -> None:
        self.seq = 0
        self._views: dict[UUID, IntentView] = {}

    def __len__(self) -> int:
        return len(self._views)

    def __iter__(self) -> Iterator[IntentView]:
        return iter(list(self._views.values()))

    def get(self, intent_id: UUID) -> IntentView | None:
        """The view of an open intent."""
        return self._views.get(intent_id)

    def apply(self, recorded: Recorded) -> IntentView | None:
        """Fold the next row in; returns the view it changed, also when that has ended and is forgotten here.

        Raises Damaged `log_contradicts_itself` when the row cannot follow those before it.
        """
        if recorded.seq != self.seq + 1:
            raise ValueError(f"row {recorded.seq} does not follow row {self.seq}")
        body = recorded.envelope.body
        view = None
        if isinstance(body, IntentEvent):
            view = _folded(self._views.get(body.intent_id), recorded)
            if view is None or view.status.is_final:
                self._views.pop(body.intent_id, None)
            else:
                self._views[body.intent_id] = view
        self.seq = recorded.seq
        return view

    def oldest_seq(self) -> int | None:
        """Where the oldest open intent was submitted."""
        return next((view.first_seq for view in self._views.values()), None)

    def digest(self) -> str:
        """SHA-256 in hex of the canonical JSON of every view, by id."""
        views = sorted(self._views.values(), key=lambda view: view.intent.id)
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
