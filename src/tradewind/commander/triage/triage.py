"""The triage of one instance: what of its lines goes to Loki and to Telegram. The local log has all of them."""

import json

from tradewind.commander.engine_line import LEVELS, EngineLine
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.redaction import redacted, redacted_data
from tradewind.commander.strategy_file.settings import Logs
from tradewind.commander.triage.allowance import Allowance
from tradewind.commander.triage.classification import Class, classified
from tradewind.commander.triage.repetitions import Repetitions
from tradewind.commander.triage.spool import Spool
from tradewind.observability.clock import Clock

# What happened before may have used up all that a chat is told.
_ALWAYS = frozenset({"wallet_halted", "wallet_not_halted"})


class Triage:
    """`hear` never waits and never fails. A receiver that is not configured has no spool."""

    def __init__(
        self, folder: InstanceFolder, settings: Logs, clock: Clock, *, loki: Spool | None, telegram: Spool | None
    ) -> None:
        now_ns = clock.now_ns()
        self._name = str(folder.name)
        self._labels = {"job": "tradewind-engine", "strategy": folder.name.strategy, "instance": folder.name.instance}
        self._clock = clock
        self._loki = loki
        self._telegram = telegram
        self._least = LEVELS.index(settings.level)
        self._repetitions = Repetitions(window_ms=settings.repeat_window_ms)
        self._lines = Allowance(per_s=settings.lines_per_s, burst=settings.lines_per_s * 2, now_ns=now_ns)
        self._alerts = Allowance(per_s=1, burst=settings.alerts_burst, now_ns=now_ns)

    def hear(self, line: EngineLine) -> None:
        """One line of the engine, or of the commander about it."""
        if LEVELS.index(line.level) >= self._least:
            for passed in self._repetitions.hear(line, now_ns=self._clock.now_ns()):
                self._pass_on(passed)

    def _pass_on(self, line: EngineLine) -> None:
        found, now_ns = classified(line), self._clock.now_ns()
        if self._loki is not None and (found.is_alert or self._lines.take(now_ns=now_ns)):
            self._loki.put(self._entry(line, found, suppressed=self._lines.refused()))
        if (
            self._telegram is not None
            and found.is_alert
            and (line.event in _ALWAYS or self._alerts.take(now_ns=now_ns))
        ):
            self._telegram.put({"instance": self._name, "text": self._text(line, suppressed=self._alerts.refused())})

    def _entry(self, line: EngineLine, found: Class, *, suppressed: int) -> dict[str, object]:
        said: dict[str, object] = {"event": line.event, "message": line.message, **line.fields}
        if suppressed:
            said["suppressed_before"] = suppressed
        labels = {**self._labels, "level": line.level, "topic": found.topic.value}
        return {"labels": labels, "at_ns": line.at_ns, "line": json.dumps(redacted_data(said), default=str)}

    def _text(self, line: EngineLine, *, suppressed: int) -> str:
        fields = " ".join(f"{name}={value}" for name, value in redacted_data(line.fields).items())
        more = f" (and {suppressed} more before)" if suppressed else ""
        return redacted(f"{self._name} {line.level}: {line.event}: {line.message} {fields}".strip()) + more
