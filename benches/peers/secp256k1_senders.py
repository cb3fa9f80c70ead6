"""Recovers senders with libsecp256k1 by way of coincurve: the public key from the signature, its hash left out.

{"op": "load", "signed": [[digest hex, signature hex of r, s and parity], ..]} -> {"version": ".."}
{"op": "recover"}                                                             -> {"keys": [hex ..], "ns": total}
"""

from importlib.metadata import version
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

from coincurve import PublicKey

from benches.peers.answering import serve

LOADED = SimpleNamespace(signed=[])


def load(signed: list[list[str]]) -> dict[str, Any]:
    """Keeps the digests and signatures as bytes."""
    LOADED.signed = [(bytes.fromhex(digest), bytes.fromhex(signature)) for digest, signature in signed]
    return {"version": version("coincurve")}


def recover() -> dict[str, Any]:
    """All keys, one after the other."""
    start = perf_counter_ns()
    keys = [PublicKey.from_signature_and_message(signature, digest, None) for digest, signature in LOADED.signed]
    ns = perf_counter_ns() - start
    return {"keys": [key.format(compressed=False).hex() for key in keys], "ns": ns}


if __name__ == "__main__":
    serve({"load": load, "recover": recover})
