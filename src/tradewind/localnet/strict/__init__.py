"""An endpoint as strict as Arbitrum One in front of anvil, which lies, delays, drops and refuses on demand."""

from tradewind.localnet.strict.behaviour import Behaviour, Misbehaviour
from tradewind.localnet.strict.behaviours import CATALOGUE
from tradewind.localnet.strict.proxy import StrictRpc
from tradewind.localnet.strict.rules import Rules

__all__ = ["CATALOGUE", "Behaviour", "Misbehaviour", "Rules", "StrictRpc"]
