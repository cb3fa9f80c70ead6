"""The tree of errors: what each one means, and what its caller should do about it.

TradewindError
├── InvalidInput        the caller's data is wrong: names each field, its fault and the remedy   → reject
├── Refused             well formed, but a rule says no: names the rule                          → reject
├── NotFound            no such thing                                                            → reject
├── Conflict            contradicts what was already accepted                                    → reject
├── Unauthorized        no token, or not this one                                                → reject
├── Forbidden           a good token, without what this needs                                    → reject
├── Misconfigured       a configuration, a tool or a file is missing or wrong                    → halt
├── Unavailable         something outside is not answering: ask again later                      → retry
│   └── TooMany         asked more often than is allowed: says in how many seconds to ask again  → retry
├── Halted              the kill switch is on                                                    → halt
└── Damaged             stored data does not verify: stop before using it                        → halt

Callers branch on `code` and `disposition`, never on text. Outcomes that merely happened on chain (landed,
reverted, expired) are values, not errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Disposition(StrEnum):
    """What a caller should do with an error."""

    RETRY = "retry"
    REJECT = "reject"
    HALT = "halt"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what, and what to do about it."""

    field: str
    code: str
    message: str


class TradewindError(Exception):
    """Base of every error this project raises on purpose."""

    disposition = Disposition.REJECT

    def __init__(self, code: str, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class InvalidInput(TradewindError):
    """The caller's data is wrong; `faults` names each field."""

    def __init__(self, faults: Sequence[Fault], *, what: str = "input") -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(first.code, f"{what}: {first.field}: {first.message}{more}")

    @classmethod
    def one(cls, field: str, code: str, message: str, *, what: str = "input") -> "InvalidInput":
        """An error with a single fault."""
        return cls([Fault(field, code, message)], what=what)


class Refused(TradewindError):
    """Well formed, but a rule says no."""

    def __init__(self, code: str, message: str, *, rule: str | None = None, remedy: str | None = None) -> None:
        super().__init__(code, message, remedy=remedy)
        self.rule = rule or code


class NotFound(TradewindError):
    """No such thing."""


class Conflict(TradewindError):
    """Contradicts what was already accepted."""


class Unauthorized(TradewindError):
    """The request carries no token, or not the right one."""


class Forbidden(TradewindError):
    """The token is a good one, and does not allow this."""


class Misconfigured(TradewindError):
    """A configuration, tool or file is missing or wrong."""

    disposition = Disposition.HALT


class Unavailable(TradewindError):
    """Something outside does not answer now; the same request may succeed later."""

    disposition = Disposition.RETRY


class TooMany(Unavailable):
    """Asked more often than is allowed; `retry_after_s` says when it may be asked again."""

    def __init__(self, code: str, message: str, *, retry_after_s: float, remedy: str | None = None) -> None:
        super().__init__(code, message, remedy=remedy)
        self.retry_after_s = retry_after_s


class Halted(TradewindError):
    """The kill switch is on."""

    disposition = Disposition.HALT


class Damaged(TradewindError):
    """Stored data does not verify; it must not be used."""

    disposition = Disposition.HALT
