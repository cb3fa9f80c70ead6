"""A gRPC port on this machine: services as tables of methods, and errors as statuses."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc

from tradewind.localnet.errors import LocalnetError

HOST = "127.0.0.1"
GRACE_S = 0.2

_STATUS = {
    "subscriber_lagged": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "too_many_subscribers": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "too_many_requests": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "unauthenticated": grpc.StatusCode.UNAUTHENTICATED,
    "duplicate_bundle": grpc.StatusCode.ALREADY_EXISTS,
    "not_here": grpc.StatusCode.NOT_FOUND,
    # These two as Yellowstone answers them.
    "lagged": grpc.StatusCode.INTERNAL,
    "from_slot_unsupported": grpc.StatusCode.INTERNAL,
    "node_behind": grpc.StatusCode.UNAVAILABLE,
}


async def refuse(context: Any, failure: LocalnetError) -> None:
    """End the call with the status that fits the error; its code goes along as `error-code`."""
    context.set_trailing_metadata((("error-code", failure.code),))
    await context.abort(_STATUS.get(failure.code, grpc.StatusCode.INVALID_ARGUMENT), str(failure))


def one_to_one(answer: Callable[[Any, Any], Any], request: Any, response: Any) -> Any:
    """A method with one message each way; `answer(request, context)` is a coroutine function."""

    async def guarded(message: Any, context: Any) -> Any:
        try:
            return await answer(message, context)
        except LocalnetError as failure:
            await refuse(context, failure)

    return grpc.unary_unary_rpc_method_handler(guarded, request.FromString, response.SerializeToString)


def one_to_many(answer: Callable[[Any, Any], AsyncIterator[Any]], request: Any, response: Any) -> Any:
    """A method that answers one message with a stream."""
    return grpc.unary_stream_rpc_method_handler(_stream(answer), request.FromString, response.SerializeToString)


def many_to_many(answer: Callable[[Any, Any], AsyncIterator[Any]], request: Any, response: Any) -> Any:
    """A method with a stream each way."""
    return grpc.stream_stream_rpc_method_handler(_stream(answer), request.FromString, response.SerializeToString)


def _stream(answer: Callable[[Any, Any], AsyncIterator[Any]]) -> Callable[[Any, Any], AsyncIterator[Any]]:
    async def guarded(message: Any, context: Any) -> AsyncIterator[Any]:
        # At once: a client may wait for the headers before it believes that the call has begun.
        await context.send_initial_metadata(())
        try:
            async for item in answer(message, context):
                yield item
        except LocalnetError as failure:
            await refuse(context, failure)

    return guarded


async def open_grpc_port(
    services: Sequence[tuple[str, dict[str, Any]]], port: int = 0, *, max_message_bytes: int = 4 * 1024 * 1024
) -> tuple[Any, str]:
    """A started server and its `host:port`. Raises LocalnetError `port_in_use`."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", max_message_bytes)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, methods) for name, methods in services])
    try:
        number = server.add_insecure_port(f"{HOST}:{port}")
    except RuntimeError as failure:
        raise LocalnetError(
            "port_in_use",
            f"TCP port {port} on {HOST} cannot be opened.",
            remedy="Stop the program that has it, or choose another port (0 takes a free one).",
        ) from failure
    await server.start()
    return server, f"{HOST}:{number}"
