"""The memory of ids never forgets, and hardly ever asks about what is new."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from tradewind.state.known_ids import KnownIds


@given(st.lists(st.uuids(), max_size=50))
def test_what_was_added_is_never_called_new(ids: list[UUID]) -> None:
    known = KnownIds()
    for one in ids:
        known.add(one)
    assert all(known.may_have(one) for one in ids)


def test_new_ids_are_called_new_with_few_exceptions() -> None:
    """After 200,000 ids 800,000 of 33.5 million bits are set at most, and four of them have to meet."""
    known = KnownIds()
    for _ in range(200_000):
        known.add(uuid4())
    doubtful = sum(known.may_have(uuid4()) for _ in range(10_000))
    assert doubtful <= 5
