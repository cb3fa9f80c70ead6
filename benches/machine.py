"""What the figures were taken on: the kind of processor and the versions that matter. No names, no paths."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tradewind.localnet.packages import node

PACKAGES = ("fastapi", "uvicorn", "pydantic", "aiohttp")


def describe(build_profile: str) -> dict[str, Any]:
    """The `machine` part of results.json."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "versions": {
            "tradewind": version("tradewind"),
            "rust_core": build_profile,
            "python": platform.python_version(),
            "node": _said_by([node(), "--version"]),
            **{name: version(name) for name in PACKAGES},
        },
    }


def is_busy() -> bool:
    """Whether others use more than half of the processors, so that the times say more about them than about us."""
    return os.getloadavg()[0] > (os.cpu_count() or 1) / 2


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _said_by(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
