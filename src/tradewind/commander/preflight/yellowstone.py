"""Yellowstone: whether the server answers, and takes the token."""

import asyncio
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import grpc

# Its request is an empty message, so no more of the protocol is needed here.
_VERSION = "/geyser.Geyser/GetVersion"
_REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
_MOST_TOKEN_BYTES = 4_096


def grpc_channel(url: str, authorities: bytes | None = None) -> grpc.aio.Channel:
    """Encrypted for https; nothing is connected yet. `authorities` are trusted beside the system's."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https"
    target = f"{parts.hostname}:{parts.port or (443 if is_safe else 80)}"
    if is_safe:
        return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(_beside_the_systems(authorities)))
    return grpc.aio.insecure_channel(target)


def _beside_the_systems(authorities: bytes | None) -> bytes | None:
    if authorities is None:
        return None
    known = ssl.get_default_verify_paths().cafile
    return (Path(known).read_bytes() if known else b"") + b"\n" + authorities


async def look_at_yellowstone(
    url: str, token_file: Path | None, ca_file: Path | None = None, *, timeout_s: float
) -> str | None:
    """What is wrong with it; None when it answers."""
    token, fault = read_token(token_file)
    if fault is not None:
        return fault
    authorities, fault = read_authorities(ca_file)
    if fault is not None:
        return fault
    metadata = () if token is None else (("x-token", token),)
    channel = grpc_channel(url, authorities)
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


def read_authorities(path: Path | None) -> tuple[bytes | None, str | None]:
    """The certificates, and what is wrong with their file."""
    if path is None:
        return None, None
    try:
        pem = path.read_bytes()
        ssl.create_default_context(cadata=pem.decode("ascii"))
    except (OSError, ValueError) as error:
        return None, f"its certificates cannot be read from {path} ({type(error).__name__}): give a file of PEM"
    return pem, None


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
