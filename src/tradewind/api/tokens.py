"""Decides whose token a request carries. An unknown token and a wrong one get the same answer."""

from tradewind.api.lockout import Lockout
from tradewind.api.scopes import Caller, Scope
from tradewind.api.token import hash_token, split_token, token_matches
from tradewind.api.tokens_file import OWNER, TokenRecord, TokensFile
from tradewind.errors import Misconfigured, Unauthorized, Unavailable
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock

OWNER_CALLER = Caller(name=OWNER, token_id=OWNER, scopes=frozenset({Scope.ADMIN}))
# What a secret is compared with when there is no token of its id, so that both take the same time.
_NOBODY = hash_token("")


class Tokens:
    """The owner's token, and those of the file, which is read again whenever it has changed."""

    def __init__(self, file: TokensFile, *, owner_hash: bytes, clock: Clock) -> None:
        """Raises Misconfigured when the file cannot be read."""
        self._file = file
        self._owner_hash = owner_hash
        self._clock = clock
        self._lockout = Lockout(clock)
        self._stamp = file.stamp()
        self._known = _by_id(file.read())

    def caller(self, presented: str, *, locks: bool = True) -> Caller:
        """Whose token this is. Raises Unauthorized, or TooMany when it is locked.

        Without `locks` a lock is neither heeded nor set: nobody must be able to lock somebody out of the kill switch.
        """
        parts = split_token(presented)
        if parts is None:
            if token_matches(presented, self._owner_hash):
                return OWNER_CALLER
            raise _wrong()
        token_id, secret = parts
        record = self._current().get(token_id)
        if record is not None and locks:
            self._lockout.check(token_id)
        matches = token_matches(secret, _NOBODY if record is None else bytes.fromhex(record.sha256))
        if record is None:
            raise _wrong()
        if not matches:
            if locks:
                self._lockout.wrong(token_id)
            raise _wrong()
        self._lockout.right(token_id)
        return self._in_force(record)

    def _in_force(self, record: TokenRecord) -> Caller:
        state = record.state(self._clock.now_ns())
        if state != "in force":
            raise Unauthorized(
                f"token_{state}",
                f"The token '{record.name}' is {state}.",
                remedy="Have a new one made: tradewind token new",
            )
        strategies = None if record.strategies is None else frozenset(record.strategies)
        return Caller(record.name, record.id, frozenset(record.scopes), strategies)

    def _current(self) -> dict[str, TokenRecord]:
        stamp = self._file.stamp()
        if stamp != self._stamp:
            try:
                self._known = _by_id(self._file.read())
            except Misconfigured as error:
                # What was revoked in it cannot be known, so none of its tokens is good until it can be read again.
                observe.tokens_unreadable(code=error.code, message=str(error))
                raise Unavailable(
                    "tokens_unreadable",
                    "The list of tokens cannot be read now, and no token in it is taken.",
                    remedy="The service's log says why. The owner's token works.",
                ) from None
            self._stamp = stamp
        return self._known


def _by_id(records: tuple[TokenRecord, ...]) -> dict[str, TokenRecord]:
    return {record.id: record for record in records}


def _wrong() -> Unauthorized:
    return Unauthorized("token_wrong", "The token is not one of this service.")
