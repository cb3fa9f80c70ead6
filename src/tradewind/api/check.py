"""One of the checks that tell whether the service can do its work."""

from tradewind.domain.model import Model


class Check(Model):
    """One thing that must work before intents can be carried out."""

    name: str
    ok: bool
    detail: str
