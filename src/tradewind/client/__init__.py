"""The client of the service, for programs: typed answers, our errors, safe retries. Needs neither server nor signer.

`Client` waits, `AsyncClient` is awaited; both have the same methods.
"""

from tradewind.client.asynchronous import AsyncClient
from tradewind.client.event_feed import Heard
from tradewind.client.patience import Patience
from tradewind.client.sync import Client

__all__ = ["AsyncClient", "Client", "Heard", "Patience"]
