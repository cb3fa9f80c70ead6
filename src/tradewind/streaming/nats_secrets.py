"""The files with which NATS lets us in, looked at before the client has them.

It reads them in the middle of connecting, where a fault would be told as a server that is away; and it never comes to
the end of a file of credentials without a token.
"""

import ssl
from itertools import pairwise
from pathlib import Path
from typing import Any

from tradewind.errors import Misconfigured
from tradewind.streaming.nats_settings import NatsSettings

_TOKEN, _SEED = b"BEGIN NATS USER JWT", b"BEGIN USER NKEY SEED"


def secrets_of(settings: NatsSettings) -> dict[str, Any]:
    """The client's options; raises Misconfigured `nats_files_unreadable` or `nkeys_missing`."""
    options: dict[str, Any] = {}
    if settings.credentials_file is not None:
        _check_credentials(settings.credentials_file)
        options["user_credentials"] = str(settings.credentials_file)
    if settings.nkey_seed_file is not None:
        _check_seed(settings.nkey_seed_file, _read(settings.nkey_seed_file).strip())
        options["nkeys_seed"] = str(settings.nkey_seed_file)
    if settings.tls_ca_file is not None or settings.tls_certificate_file is not None:
        options["tls"] = _tls(settings)
    return options


def _check_credentials(path: Path) -> None:
    lines = _read(path).splitlines()
    token, seed = (next((after for line, after in pairwise(lines) if mark in line), b"") for mark in (_TOKEN, _SEED))
    if not token.strip():
        raise _unreadable(path, "has no user's token in it", "Have `nsc generate creds` write it.")
    _check_seed(path, seed.strip())


def _check_seed(path: Path, seed: bytes) -> None:
    try:
        import nkeys  # noqa: PLC0415 (only who has such a file needs it)
    except ImportError:
        raise Misconfigured(
            "nkeys_missing",
            "NKEYs and credentials need a package that is not installed.",
            remedy="pip install 'nats-py[nkeys]'",
        ) from None
    try:
        nkeys.from_seed(bytearray(seed)).wipe()
    except (nkeys.NkeysError, ValueError):
        # What it holds is never repeated: it may be a secret all the same.
        raise _unreadable(path, "has no NKEY seed in it", "It is one line that begins with SU.") from None


def _tls(settings: NatsSettings) -> ssl.SSLContext:
    files = (settings.tls_ca_file, settings.tls_certificate_file, settings.tls_key_file)
    for path in filter(None, files):
        _read(path)
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
        if settings.tls_certificate_file is not None:
            context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
    except (ssl.SSLError, OSError) as error:
        named = ", ".join(str(path) for path in files if path)
        raise Misconfigured(
            "nats_files_unreadable",
            f"These are no certificates in PEM that fit together ({getattr(error, 'reason', None) or error}): {named}.",
            remedy="Check tls_ca_file, tls_certificate_file and tls_key_file.",
        ) from None
    return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(
            path, f"cannot be read: {error.strerror or error}", "Check its path and its rights."
        ) from None


def _unreadable(path: Path, fault: str, remedy: str) -> Misconfigured:
    return Misconfigured("nats_files_unreadable", f"{path} {fault}.", remedy=remedy)
