"""Has the engine look at what it would be given: `--check` starts nothing."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tradewind.commander import resolved
from tradewind.commander.engine_binary import EngineCommand
from tradewind.commander.engine_environment import engine_environment
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.errors import Fault, InvalidInput, Misconfigured

_WITHIN_S = 60.0
# cargo may have to build it first.
_BUILD_WITHIN_S = 3_600.0


def check_by_engine(
    command: EngineCommand, settings: StrategySettings, *, instance: str, environment: Mapping[str, str]
) -> None:
    """Raises InvalidInput with the field that the engine does not take, and Misconfigured `engine_unusable`."""
    with tempfile.TemporaryDirectory() as folder:
        content = resolved.content_of(settings, instance=instance, folder=Path(folder))
        path = resolved.write(Path(folder), resolved.Resolved(1, content))
        passed = engine_environment(environment, also=settings.commander.environment, builds=command.builds)
        try:
            done = subprocess.run(
                [*command.argv, "--strategy", settings.strategy, "--config", str(path), "--check"],
                capture_output=True,
                env=passed,
                timeout=_BUILD_WITHIN_S if command.builds else _WITHIN_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _unusable(command, str(error)) from None
    if done.returncode == 0:
        return
    for line in done.stdout.splitlines():
        told = json.loads(line)
        if told["event"] == "config_refused":
            fault = Fault(told["field"] or "(whole)", "engine_refuses", f"{told['fault']}; {told['remedy']}")
            raise InvalidInput([fault], what=settings.strategy)
    raise _unusable(command, done.stderr.decode(errors="replace")[-500:] or f"exit code {done.returncode}")


def _unusable(command: EngineCommand, why: str) -> Misconfigured:
    return Misconfigured(
        "engine_unusable", f"{command.argv[0]} cannot check it: {why}.", remedy="Install tradewind again."
    )
