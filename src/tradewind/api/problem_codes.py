"""Which codes a route can answer with, for the document: what all routes share, and what is its own.

Not a list of every rule: what refuses an intent (422) comes from many rooms, and its codes are named where they are.
"""

from collections.abc import Mapping

from tradewind.api.guard import PUBLIC
from tradewind.api.scopes import rule_of

_EVERYWHERE: Mapping[int, tuple[str, ...]] = {
    403: ("origin_not_allowed",),
    421: ("host_not_allowed",),
    422: ("unknown_parameter", "parameter_given_twice"),
    500: ("internal_error",),
}
_WITH_TOKEN: Mapping[int, tuple[str, ...]] = {
    401: ("token_required", "token_wrong", "token_expired", "token_revoked"),
    403: ("scope_missing", "token_bound_to_strategies"),
    503: ("answer_too_slow",),
}
_WITH_RATE: Mapping[int, tuple[str, ...]] = {
    429: ("rate_exceeded", "token_locked"),
}
_WITH_BODY: Mapping[int, tuple[str, ...]] = {
    400: ("json_malformed", "json_not_utf8", "json_duplicate_key", "json_too_deep", "json_array_too_long"),
    408: ("body_too_slow",),
    413: ("body_too_large",),
    415: ("content_type_not_json", "content_encoding_unsupported"),
    422: ("field_missing", "unknown_field", "wrong_type", "value_not_allowed", "value_out_of_range"),
}
_WITH_KEY: Mapping[int, tuple[str, ...]] = {
    400: ("idempotency_key_missing", "idempotency_key_malformed"),
    409: ("request_in_flight",),
    422: ("idempotency_key_reused",),
}
_READS_JOURNAL: Mapping[int, tuple[str, ...]] = {503: ("journal_unreadable", "journal_closed")}
_OF_INTENT: Mapping[int, tuple[str, ...]] = {404: ("intent_not_found",), 422: ("uuid_malformed",)}
_OF_LIST: Mapping[int, tuple[str, ...]] = {
    403: ("strategy_not_allowed",),
    422: ("value_out_of_range", "wrong_type", "uuid_malformed", "address_malformed", "address_checksum"),
    **_READS_JOURNAL,
}
_OF_STREAM: Mapping[int, tuple[str, ...]] = {422: ("event_id_malformed", "event_id_unknown"), **_READS_JOURNAL}
_OF_SIGNER: Mapping[int, tuple[str, ...]] = {503: ("signer_unreachable", "signer_timeout")}

_OWN: Mapping[tuple[str, str], tuple[Mapping[int, tuple[str, ...]], ...]] = {
    ("POST", "/intents"): (
        {
            403: ("strategy_not_allowed",),
            409: ("intent_id_conflict",),
            422: ("strategy_unknown", "asset_not_listed", "slippage_above_strategy_limit", "deadline_unreachable"),
            503: ("too_many_open_intents", "journal_unavailable", "journal_busy"),
        },
    ),
    ("POST", "/quotes"): ({403: ("strategy_not_allowed",), 503: ("rpc_unreachable",)},),
    ("GET", "/intents"): (_OF_LIST, {422: ("cursor_malformed", "value_not_allowed")}),
    ("GET", "/intents/{id}"): (_OF_INTENT, _READS_JOURNAL),
    ("GET", "/intents/{id}/events"): (_OF_INTENT, _READS_JOURNAL, {422: ("event_id_unknown",)}),
    ("GET", "/intents/{id}/events/stream"): (_OF_INTENT, _OF_STREAM),
    ("POST", "/intents/{id}/cancel"): (_OF_INTENT, {409: ("intent_ended",), 503: ("journal_unavailable",)}),
    ("GET", "/events"): (_OF_LIST, {422: ("event_type_unknown", "event_id_unknown")}),
    ("GET", "/events/stream"): (_OF_LIST, _OF_STREAM),
    ("GET", "/portfolio"): (_OF_SIGNER,),
    ("GET", "/report"): (
        {422: ("time_malformed", "uuid_malformed", "address_malformed", "address_checksum", "value_out_of_range")},
        _READS_JOURNAL,
    ),
    ("GET", "/limits"): (_OF_SIGNER,),
    ("PUT", "/limits/{key}"): (_OF_SIGNER, {404: ("limit_unknown",), 422: ("limit_ceiling",)}),
    ("DELETE", "/limits/{key}/raise"): (_OF_SIGNER, {404: ("limit_unknown", "raise_unknown")}),
    ("POST", "/halt"): ({503: ("halt_not_confirmed",)},),
    ("GET", "/halt"): (_OF_SIGNER,),
    ("POST", "/resume"): (_OF_SIGNER, {422: ("kill_epoch", "not_halted")}),
}


def codes_of(method: str, path: str, status: int) -> tuple[str, ...]:
    """The codes of the problems that a route answers with under a status, those that all share first."""
    rule = rule_of(method, path)
    parts = [_EVERYWHERE]
    if path not in PUBLIC:
        parts.append(_WITH_TOKEN)
    if not rule.unlimited and path not in PUBLIC:
        parts.append(_WITH_RATE)
    if not rule.unlimited:
        parts.append({503: ("too_many_streams" if rule.long_lived else "too_many_requests_in_flight",)})
    if method in {"POST", "PUT"}:
        parts.append(_WITH_BODY)
    if rule.keyed:
        parts.append(_WITH_KEY)
    parts += _OWN.get((method, path), ())
    return tuple(dict.fromkeys(code for part in parts for code in part.get(status, ())))
