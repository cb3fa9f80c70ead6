"""A slice: the part of an intent that one plan carries out."""

from tradewind.domain.amount import Raw
from tradewind.domain.model import Model
from tradewind.domain.plan import Exact


class Slice(Model):
    """`amount_raw` is exact: what comes out of an acquisition, or goes into a disposal."""

    index: int
    exact: Exact
    token_in: str
    token_out: str
    amount_raw: Raw
