"""Starts, watches, feeds and stops engine processes, one for each instance of a strategy. Never trades itself.

Takes the user's file of a strategy, gives the engine one checked file, and tells what became of it. What it and the
engine know of each other is in docs/engine-contract.md.
"""
