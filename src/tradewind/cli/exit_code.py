"""What a command's exit code means, and which one belongs to which error."""

from enum import IntEnum

from tradewind.errors import Disposition, InvalidInput, Misconfigured, TradewindError, Unauthorized, Unavailable


class ExitCode(IntEnum):
    """Documented in `tradewind --help`; scripts may rely on it."""

    OK = 0
    NOT_DONE = 1
    USAGE = 2
    MISSING = 3
    INTERRUPTED = 130


def exit_code_of(error: TradewindError) -> ExitCode:
    """2 for the caller's own data, 3 for what is missing or silent, 1 for a refusal of what was understood."""
    if isinstance(error, (InvalidInput, Unauthorized)):
        return ExitCode.USAGE
    # What localnet and other rooms cannot start without is missing, too, whatever its class.
    foreign = type(error).__module__ != "tradewind.errors" and error.disposition is Disposition.HALT
    if foreign or isinstance(error, (Misconfigured, Unavailable)):
        return ExitCode.MISSING
    return ExitCode.NOT_DONE
