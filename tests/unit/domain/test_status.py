"""Every move between two statuses, against the life of an intent as the design describes it."""

import itertools

import pytest

from tradewind.domain.status import ImpossibleMove, IntentStatus

ENDS = {"COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "REJECTED", "EXPIRED", "CANCELLED"}

# PENDING: accepted, no plan yet. PROCESSING: planned, in flight. Rejection comes from validation, before any plan;
# a whole or partial fill only from a plan; time, failure and a cancel can end either.
POSSIBLE = {
    ("PENDING", "PROCESSING"),
    ("PENDING", "REJECTED"),
    ("PENDING", "FAILED"),
    ("PENDING", "EXPIRED"),
    ("PENDING", "CANCELLED"),
    ("PROCESSING", "COMPLETED"),
    ("PROCESSING", "PARTIALLY_COMPLETED"),
    ("PROCESSING", "FAILED"),
    ("PROCESSING", "EXPIRED"),
    ("PROCESSING", "CANCELLED"),
    # The chain can take back what an end rested on. A rejection rests on nothing that was sent.
    *((end, "PROCESSING") for end in ENDS - {"REJECTED"}),
}


def test_the_statuses_are_those_of_the_design() -> None:
    assert {status.value for status in IntentStatus} == {"PENDING", "PROCESSING"} | ENDS


@pytest.mark.parametrize(("status", "following"), list(itertools.product(IntentStatus, repeat=2)))
def test_only_the_moves_of_the_design_exist(status: IntentStatus, following: IntentStatus) -> None:
    if (status.value, following.value) in POSSIBLE:
        assert status.may_become(following)
        assert status.moved_to(following) is following
    else:
        assert not status.may_become(following)
        with pytest.raises(ImpossibleMove, match=f"{status} cannot become {following}"):
            status.moved_to(following)


@pytest.mark.parametrize("status", list(IntentStatus))
def test_an_end_is_final(status: IntentStatus) -> None:
    assert status.is_final is (status.value in ENDS)
