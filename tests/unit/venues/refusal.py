"""For properties of the kind "taken, or refused with the field's name": the refusal, when there is one."""

from collections.abc import Callable

from tradewind.errors import Unavailable


def refusal_of(read: Callable[[], object]) -> Unavailable | None:
    """The Unavailable that `read` raised; any other error passes through."""
    try:
        read()
    except Unavailable as error:
        return error
    return None
