"""The kinds of values in the configuration: paths, URLs, rates, names; each refusal says the remedy."""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from tradewind.domain.chain import SOLANA_MAINNET, parse_chain_id

# The kernel keeps 108 bytes for the path of a Unix socket, the last one a zero.
_MAX_SOCKET_PATH_BYTES = 107


def _in_folder_of_config(value: Path, info: ValidationInfo) -> Path:
    folder = cast("dict[str, Path]", info.context or {}).get("folder", Path.cwd())
    try:
        return folder / value.expanduser()
    except RuntimeError:
        raise PydanticCustomError("path_unknown_home", "names a home directory that does not exist.") from None


def _short_enough_for_a_socket(value: Path) -> Path:
    length = len(bytes(value))
    if length > _MAX_SOCKET_PATH_BYTES:
        raise PydanticCustomError(
            "socket_path_too_long",
            "the full path has {length} bytes; a Unix socket takes at most {limit}. Choose a shorter folder.",
            {"length": length, "limit": _MAX_SOCKET_PATH_BYTES},
        )
    return value


def loopback(value: str) -> str:
    """An address that this machine alone reaches."""
    try:
        if ipaddress.ip_address(value).is_loopback:
            return value
    except ValueError:
        pass
    raise PydanticCustomError(
        "bind_not_loopback",
        'is not a loopback address: the API holds the means to trade and listens on this machine only. Use "127.0.0.1" '
        'or "::1", and a tunnel to reach it from elsewhere.',
    )


def _rpc_url(value: str) -> str:
    # The value is never repeated in a fault: it may hold a secret.
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not value.isascii() or not value.isprintable() or " " in value:
        raise PydanticCustomError(
            "url_malformed", 'is not a URL such as "http://127.0.0.1:8545" or "https://host/path".'
        )
    return value


def _websocket_url(value: str) -> str:
    scheme, colon, rest = value.partition(":")
    if scheme not in {"ws", "wss"} or not colon:
        raise PydanticCustomError("url_malformed", 'is not a URL such as "ws://127.0.0.1:8900" or "wss://host/path".')
    _rpc_url({"ws": "http", "wss": "https"}[scheme] + ":" + rest)
    return value


def _block_engine_url(value: str) -> str:
    scheme, colon, rest = value.partition(":")
    if scheme not in {"grpc", "grpcs"}:
        return _rpc_url(value)
    _rpc_url({"grpc": "http", "grpcs": "https"}[scheme] + colon + rest)
    if urlsplit(value).path.strip("/") or urlsplit(value).query:
        raise PydanticCustomError("url_malformed", 'has a path, and gRPC has none. Use one such as "grpcs://host:443".')
    return value


def different_endpoints(urls: tuple[str, ...]) -> tuple[str, ...]:
    """One that is written in two ways would have two votes."""
    all_different(tuple(map(_endpoint, urls)))
    return urls


def _endpoint(url: str) -> tuple[object, ...]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return parts.scheme, parts.hostname, port, parts.path.rstrip("/"), parts.query, parts.username, parts.password


def _chain_key(value: object) -> object:
    chain_id = int(value) if isinstance(value, str) and value.isdecimal() and value.isascii() else parse_chain_id(value)
    if chain_id == SOLANA_MAINNET:
        raise PydanticCustomError(
            "chain_unsupported", "is Solana, which is configured in a table of its own: [solana]."
        )
    return chain_id


def all_different(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """None of them twice."""
    if len(set(value)) != len(value):
        raise PydanticCustomError("listed_twice", "lists a value twice. Remove one of them.")
    return value


def named_by_header(value: object) -> object:
    """`[strategies.example]` is the strategy named "example"."""
    if not isinstance(value, dict):
        return value
    for name, table in value.items():
        if isinstance(table, dict) and "name" in table:
            raise PydanticCustomError(
                "strategy_named_twice", "'{name}' has a key 'name'. Remove it: the header names it.", {"name": name}
            )
    return {name: {**table, "name": name} if isinstance(table, dict) else table for name, table in value.items()}


# A default is a Path already, which pydantic does not take where it reads JSON.
FolderPath = Annotated[
    Path,
    BeforeValidator(lambda value: str(value) if isinstance(value, Path) else value),
    AfterValidator(_in_folder_of_config),
]
SocketPath = Annotated[FolderPath, AfterValidator(_short_enough_for_a_socket)]
WebsocketUrl = Annotated[str, Field(max_length=2048), AfterValidator(_websocket_url)]
BlockEngineUrl = Annotated[str, Field(max_length=2048), AfterValidator(_block_engine_url)]
RpcUrl = Annotated[str, Field(max_length=2048), AfterValidator(_rpc_url)]
BlockHash = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$")]
ChainKey = Annotated[int, Field(gt=0, lt=2**53), BeforeValidator(_chain_key)]
StrategyName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
FeePips = Annotated[int, Field(ge=1, lt=1_000_000)]
Rate = Annotated[int, Field(ge=1, le=1_000_000)]
