"""The only room that wires: settings in, a running service out."""

from tradewind.bootstrap.service import serve

__all__ = ["serve"]
