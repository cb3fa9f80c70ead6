"""The example files that ship with the package: the two configurations, and an intent."""

from importlib.resources import files

NAMES = ("arbitrum.toml", "signer.toml", "intent.json")


def example(name: str) -> str:
    """The text of one of NAMES."""
    return files("tradewind").joinpath("configs", name).read_text(encoding="utf-8")
