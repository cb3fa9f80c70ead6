"""Patterns over subjects, as NATS defines them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import InvalidInput
from tradewind.streaming.subject import SubjectPattern

TOKENS = st.lists(st.sampled_from(["a", "b", "intent", "x1"]), min_size=1, max_size=4)


# The examples are those of the NATS documentation on subject-based messaging, with our subjects among them.
@pytest.mark.parametrize(
    ("pattern", "subject", "matches"),
    [
        ("time.us", "time.us", True),
        ("time.us", "time.us.east", False),
        ("time.*.east", "time.us.east", True),
        ("time.*.east", "time.eu.east", True),
        ("time.*.east", "time.us.east.atlanta", False),
        ("time.us.*", "time.us", False),
        ("time.us.>", "time.us.east", True),
        ("time.us.>", "time.us.east.atlanta", True),
        ("time.us.>", "time.us", False),
        (">", "anything.at.all", True),
        ("*.*.east.>", "time.us.east.atlanta", True),
        ("intent.submitted.>", "intent.submitted.a1b2", True),
        ("intent.submitted.>", "intent.rejected.a1b2", False),
        ("executed.*.a1b2", "executed.success.a1b2", True),
    ],
)
def test_selects_what_nats_would(pattern: str, subject: str, matches: bool) -> None:
    assert SubjectPattern(pattern).matches(subject) is matches


@pytest.mark.parametrize("pattern", ["", ".", "a..b", "a.", ".a", ">.a", "a.>.b", "a*", "a.b>", "in*t.x"])
def test_refuses_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        SubjectPattern(pattern)
    assert raised.value.code == "pattern_malformed"


@given(TOKENS, TOKENS, st.booleans())
def test_never_rules_out_a_type_whose_subjects_it_selects(tokens: list[str], subject: list[str], rest: bool) -> None:
    pattern = SubjectPattern(".".join([*tokens, ">"] if rest else tokens))
    if len(subject) > 1 and pattern.matches(".".join(subject)):
        assert pattern.may_match_under(".".join(subject[:-1]))
