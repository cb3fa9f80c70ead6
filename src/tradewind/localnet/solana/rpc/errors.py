"""The errors of Solana's JSON-RPC: Agave's codes and words (solana-rpc-client-api, `custom_error.rs`)."""

from tradewind.localnet.strict.json_rpc import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Refusal

SEND_PREFLIGHT_FAILURE = -32002
SIGNATURE_VERIFICATION_FAILURE = -32003
BLOCK_NOT_AVAILABLE = -32004
NODE_UNHEALTHY = -32005
SLOT_SKIPPED = -32007
UNSUPPORTED_TRANSACTION_VERSION = -32015
MIN_CONTEXT_SLOT_NOT_REACHED = -32016
INTERNAL_ERROR = -32603
TOO_MANY_REQUESTS = 429


class RpcRefusal(Refusal):
    """A request that is answered with an error object."""


class TooManyRequests(RpcRefusal):
    """A request that is answered with HTTP status 429 and `Retry-After`."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(TOO_MANY_REQUESTS, "Too many requests for a specific RPC call")
        self.retry_after_s = retry_after_s


def invalid_params(message: str) -> RpcRefusal:
    """A parameter is missing or wrong."""
    return RpcRefusal(INVALID_PARAMS, message)


def invalid_request(message: str) -> RpcRefusal:
    """The parameters are each right, but cannot be answered like this."""
    return RpcRefusal(INVALID_REQUEST, message)


def unknown_method() -> RpcRefusal:
    """There is no such method."""
    return RpcRefusal(METHOD_NOT_FOUND, "Method not found")


def min_context_slot_not_reached(slot: int) -> RpcRefusal:
    """The node is not as far as the client wants it to be."""
    message = "Minimum context slot has not been reached"
    return RpcRefusal(MIN_CONTEXT_SLOT_NOT_REACHED, message, {"contextSlot": slot})


def node_behind(slots: int) -> RpcRefusal:
    """The node says of itself that it is not up to date."""
    return RpcRefusal(NODE_UNHEALTHY, f"Node is behind by {slots} slots", {"numSlotsBehind": slots})


def block_not_available(slot: int) -> RpcRefusal:
    """There is no such block, or not yet."""
    return RpcRefusal(BLOCK_NOT_AVAILABLE, f"Block not available for slot {slot}")


def unsupported_version(version: int) -> RpcRefusal:
    """The client did not say that it understands this version of transactions."""
    return RpcRefusal(
        UNSUPPORTED_TRANSACTION_VERSION,
        f"Transaction version ({version}) is not supported by the requesting client. Please try the request again "
        f'with the following configuration parameter: "maxSupportedTransactionVersion": {version}',
    )
