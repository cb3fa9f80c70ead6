"""What can go wrong with a local chain: each error has a code, says what is wrong, and how to mend it."""

from tradewind.errors import Disposition, TradewindError


class LocalnetError(TradewindError):
    """The local chain cannot start, or cannot do what was asked of it."""

    disposition = Disposition.HALT


class MissingTool(LocalnetError):
    """A program that the local chain needs is not installed, or is too old."""


class RpcError(LocalnetError):
    """The node answered a request with an error; `rpc_code` and `data` are the node's own."""

    def __init__(self, method: str, rpc_code: int, message: str, data: str | None = None) -> None:
        super().__init__("rpc_error", f"{method}: {message} ({rpc_code})")
        self.method = method
        self.rpc_code = rpc_code
        self.reason = message
        self.data = data
