"""The command line: one file for each group of commands. Prints for people on a terminal, JSON for programs."""

from tradewind.cli.app import main

__all__ = ["main"]
