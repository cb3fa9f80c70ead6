"""Yellowstone: whether the server answers, and takes the token."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import grpc

# Its request is an empty message, so no more of the protocol is needed here.
_VERSION = "/geyser.Geyser/GetVersion"
_REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
_MOST_TOKEN_BYTES = 4_096


def grpc_channel(url: str) -> grpc.aio.Channel:
    """Encrypted for https; nothing is connected yet."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https"
    target = f"{parts.hostname}:{parts.port or (443 if is_safe else 80)}"
    if is_safe:
        return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials())
    return grpc.aio.insecure_channel(target)


async def look_at_yellowstone(url: str, token_file: Path | None, *, timeout_s: float) -> str | None:
    """What is wrong with it; None when it answers."""
    token, fault = read_token(token_file)
    if fault is not None:
        return fault
    metadata = () if token is None else (("x-token", token),)
    channel = grpc_channel(url)
    try:
        async with asyncio.timeout(timeout_s):
            await channel.unary_unary(_VERSION)(b"", metadata=metadata)
    except TimeoutError:
        return f"does not answer within {timeout_s:.0f} s"
    except grpc.aio.AioRpcError as error:
        if error.code() in _REFUSED:
            said = "wants a token (chain.yellowstone_token_file)" if token is None else "does not take the token"
            return f"{said}: {error.code().name}"
        return f"is a gRPC server that does not answer as Yellowstone ({error.code().name})"
    finally:
        await channel.close()
    return None


def read_token(path: Path | None) -> tuple[str | None, str | None]:
    """The token, and what is wrong with its file; as the engine reads it."""
    if path is None:
        return None, None
    try:
        is_open = path.stat().st_mode & 0o077
        with path.open("rb") as file:
            token = file.read(_MOST_TOKEN_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        return None, f"its token cannot be read from {path} ({type(error).__name__})"
    if is_open:
        return None, f"{path} can be read by others than its owner: chmod 600"
    if not token or not (token.isascii() and token.isprintable()) or " " in token:
        return None, f"{path} holds no token"
    return token, None
