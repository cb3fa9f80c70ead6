"""Tradewind turns trading intents into confirmed on-chain results, and proves them from the chain."""
