"""What the machine brings: Python, Node, and the signer's program."""

import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version

from tradewind.cli.doctor.finding import Finding, failed, good, warning, wrong
from tradewind.cli.signer_binary import find_signer
from tradewind.errors import TradewindError
from tradewind.localnet.packages import node

_TIMEOUT_S = 10


def check_machine() -> Iterator[Finding]:
    """Python, Node and the signer."""
    yield _python()
    yield _node()
    yield _signer_program()


def _python() -> Finding:
    found = platform.python_version()
    if sys.version_info < (3, 11):  # noqa: UP036 (the package may have been installed against its own metadata)
        return wrong("python", found, "Install Python 3.11 or newer.")
    return good("python", found)


def _node() -> Finding:
    try:
        path = node()
    except TradewindError as error:
        return warning("node", error.message, "Only the local chain needs it: install Node.js 20 or newer with npm.")
    return good("node", path)


def _signer_program() -> Finding:
    try:
        program = find_signer()
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except TradewindError as error:
        return failed("signer program", error)
    except (OSError, subprocess.TimeoutExpired) as error:
        return wrong("signer program", f"{program} cannot be run: {error}", "Install tradewind again.")
    found, own = said.stdout.strip().rpartition(" ")[2], version("tradewind")
    if found != own:
        remedy = "Install both from the same package."
        return wrong("signer program", f"{program} is version {found or 'unknown'}, this is {own}", remedy)
    return good("signer program", f"{program}, version {found}")
