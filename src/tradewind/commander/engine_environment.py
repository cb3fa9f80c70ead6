"""The environment of an engine: what is meant to be passed, and no more; never a key, whoever asks for it."""

import re
from collections.abc import Iterable, Mapping

# Whole names: OTEL_EXPORTER_OTLP_HEADERS, as an example, is a secret that does not look like one.
PASSED = ("PATH", "HOME", "RUST_LOG", "TZ")
# What cargo needs to find its own, for an engine that it builds first.
OF_CARGO = ("CARGO_", "RUSTUP_")
_NEVER = re.compile(r"^WALLET_|_KEY$|SECRET|TOKEN|PASSWORD|PASSPHRASE|PRIVATE|MNEMONIC", re.IGNORECASE)


def engine_environment(found: Mapping[str, str], *, also: Iterable[str] = (), builds: bool = False) -> dict[str, str]:
    """What an engine gets of the environment `found`; `also` are the names that the user's file passes."""
    named = {*PASSED, *also}
    prefixes = OF_CARGO if builds else ()
    return {
        name: value
        for name, value in sorted(found.items())
        if (name in named or name.startswith(prefixes)) and not is_secret(name)
    }


def is_secret(name: str) -> bool:
    """Whether a variable of this name is never passed."""
    return _NEVER.search(name) is not None
