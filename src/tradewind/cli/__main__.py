"""Lets `python -m tradewind.cli` stand in for the installed command."""

from tradewind.cli import main

if __name__ == "__main__":
    main()
