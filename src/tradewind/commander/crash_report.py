"""What is left of a crash for whoever looks into it: how it ended, its last words, and what was in flight."""

from typing import Any

from pydantic import ValidationError

from tradewind.commander.ending import Ending
from tradewind.commander.engine_process import EngineProcess
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.redaction import redacted_data, redacted_line
from tradewind.commander.resolved import replace_file
from tradewind.domain.model import Model
from tradewind.errors import TradewindError
from tradewind.observability import events as observe

KEPT = 100


class CrashReport(Model):
    """Times are nanoseconds UTC. `exit_code` is None when a signal killed it, and `signal` None when none did."""

    strategy: str
    instance: str
    at_ns: int
    ran_ns: int
    ending: str
    exit_code: int | None
    signal: int | None
    version_in_force: int | None
    follows: str
    in_flight: list[dict[str, Any]]
    last_lines: list[str]
    last_errors: list[str]


def write_report(
    folder: InstanceFolder,
    process: EngineProcess,
    ending: Ending,
    *,
    at_ns: int,
    version_in_force: int | None,
    in_flight: list[dict[str, Any]],
    follows: str,
) -> CrashReport:
    """Keep the report, secrets redacted, and the newest of those before. It is made even where the disk is full."""
    report = CrashReport(
        strategy=folder.name.strategy,
        instance=folder.name.instance,
        at_ns=at_ns,
        ran_ns=ending.ran_ns,
        ending=str(ending),
        exit_code=ending.exit_code if ending.exit_code >= 0 else None,
        signal=-ending.exit_code if ending.exit_code < 0 else None,
        version_in_force=version_in_force,
        follows=follows,
        in_flight=redacted_data(in_flight),
        last_lines=[redacted_line(line) for line in process.last_lines],
        last_errors=[redacted_line(line) for line in process.last_errors],
    )
    try:
        folder.crashes.mkdir(mode=0o700, exist_ok=True)
        replace_file(folder.crashes / f"{at_ns}.json", report.model_dump_json(indent=2).encode() + b"\n")
        for old in sorted(folder.crashes.glob("*.json"))[:-KEPT]:
            old.unlink()
    except (OSError, TradewindError) as error:
        observe.record_lost(what="crash report", code="report_unwritable", message=str(error))
    return report


def last_report(folder: InstanceFolder) -> CrashReport | None:
    """The newest one; None when there is none that can be read."""
    for path in sorted(folder.crashes.glob("*.json"), reverse=True)[:1]:
        try:
            return CrashReport.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
    return None
