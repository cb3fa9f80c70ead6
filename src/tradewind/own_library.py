"""Where this very package lies, for another process of the same Python that has to find it."""

import site
import sysconfig
from pathlib import Path


def own_library() -> Path | None:
    """The folder that holds `tradewind`; None where each process of this Python finds it by itself."""
    folder = Path(__file__).resolve().parents[1]
    found = {*site.getsitepackages(), site.getusersitepackages(), *sysconfig.get_paths().values()}
    return None if folder in {Path(path).resolve() for path in found} else folder
