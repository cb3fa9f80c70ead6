"""Who may do what: the scopes of a token, and what each route asks of its caller.

It denies by default: a path that no rule names may be read with `read` and changed with `admin` alone, and a token
that is bound to strategies reaches only the routes that keep to them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from fastapi import Request

from tradewind.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Scope(StrEnum):
    """What a token was made for."""

    READ = "read"
    TRADE = "trade"
    HALT = "halt"
    ADMIN = "admin"


_INCLUDES: Mapping[Scope, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.HALT: frozenset({Scope.HALT}),
    Scope.TRADE: frozenset({Scope.READ, Scope.TRADE, Scope.HALT}),
    Scope.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token a request carries. `strategies` is None for a token that is not bound to any."""

    name: str
    token_id: str
    scopes: frozenset[Scope]
    strategies: frozenset[UUID] | None = None

    def may(self, scope: Scope) -> bool:
        """Whether one of its scopes includes `scope`."""
        return any(scope in _INCLUDES[held] for held in self.scopes)

    def may_use(self, strategy_id: UUID) -> bool:
        """Whether it may submit, see and cancel intents of this strategy."""
        return self.strategies is None or strategy_id in self.strategies


@dataclass(frozen=True, slots=True)
class Rule:
    """What one route asks. It needs one of `scopes`, and an Idempotency-Key when it is `keyed`.

    `per_strategy`: the route keeps a bound token to its strategies, so that one may use it. `unlimited`: no rate and no
    lockout stand before it. `long_lived`: its answer streams, and holds a place of its own kind.
    """

    scopes: tuple[Scope, ...]
    keyed: bool = False
    per_strategy: bool = False
    unlimited: bool = False
    long_lived: bool = False


_READ, _TRADE, _ADMIN = (Scope.READ,), (Scope.TRADE,), (Scope.ADMIN,)
RULES: Mapping[tuple[str, str], Rule] = {
    ("GET", "/intents"): Rule(_READ, per_strategy=True),
    ("POST", "/intents"): Rule(_TRADE, keyed=True, per_strategy=True),
    ("GET", "/intents/{id}"): Rule(_READ, per_strategy=True),
    ("GET", "/intents/{id}/events"): Rule(_READ, per_strategy=True),
    ("GET", "/intents/{id}/events/stream"): Rule(_READ, per_strategy=True, long_lived=True),
    ("POST", "/intents/{id}/cancel"): Rule(_TRADE, keyed=True, per_strategy=True),
    ("POST", "/quotes"): Rule(_READ, per_strategy=True),
    ("GET", "/events"): Rule(_READ, per_strategy=True),
    ("GET", "/events/stream"): Rule(_READ, per_strategy=True, long_lived=True),
    ("GET", "/portfolio"): Rule(_READ),
    ("GET", "/report"): Rule(_READ),
    ("GET", "/healthz"): Rule(_READ, per_strategy=True),
    ("GET", "/readyz"): Rule(_READ),
    ("GET", "/openapi.json"): Rule(_READ, per_strategy=True),
    ("GET", "/halt"): Rule((Scope.READ, Scope.HALT), per_strategy=True, unlimited=True),
    ("POST", "/halt"): Rule((Scope.HALT,), per_strategy=True, unlimited=True),
    ("POST", "/resume"): Rule(_ADMIN),
    ("GET", "/limits"): Rule(_READ),
    # Sent twice, these do what they do once; the signer records who sent them.
    ("PUT", "/limits/{key}"): Rule(_ADMIN),
    ("DELETE", "/limits/{key}/raise"): Rule(_ADMIN),
}
_ELSE_READ, _ELSE_WRITE = Rule(_READ), Rule(_ADMIN)
_PARAMETERS = {"{id}": "[^/]+", "{key}": ".+"}


def _pattern(path: str) -> re.Pattern[str]:
    text = re.escape(path)
    for name, anything in _PARAMETERS.items():
        text = text.replace(re.escape(name), anything)
    return re.compile(text)


_WITH_PARAMETER = [(method, _pattern(path), rule) for (method, path), rule in RULES.items() if "{" in path]


def rule_of(method: str, path: str) -> Rule:
    """What a request asks of its caller; HEAD asks what GET does."""
    method = "GET" if method == "HEAD" else method
    if (rule := RULES.get((method, path))) is not None:
        return rule
    for known, pattern, rule in _WITH_PARAMETER:
        if known == method and pattern.fullmatch(path):
            return rule
    return _ELSE_READ if method in SAFE_METHODS else _ELSE_WRITE


def check_scope(caller: Caller, rule: Rule) -> None:
    """Raises Forbidden, which names what the token would need."""
    if not any(caller.may(scope) for scope in rule.scopes):
        needed = " or ".join(rule.scopes)
        raise Forbidden("scope_missing", f"This needs a token with the scope {needed}; '{caller.name}' is without it.")
    if caller.strategies is not None and not rule.per_strategy:
        raise Forbidden(
            "token_bound_to_strategies",
            f"This is about all strategies, and the token '{caller.name}' is bound to some.",
            remedy="Use a token that is not bound to strategies.",
        )


def caller_of(request: Request) -> Caller:
    """Who sent a request that the guard let through."""
    caller: Caller = request.state.caller
    return caller


def check_strategy(caller: Caller, strategy_id: UUID) -> None:
    """Raises Forbidden when the token is bound to other strategies. Says nothing about which ones exist."""
    if not caller.may_use(strategy_id):
        raise Forbidden("strategy_not_allowed", f"The token '{caller.name}' is not for the strategy {strategy_id}.")
