"""The nouns of trading: assets, amounts, intents, plans, fills and events. Frozen, strict, no I/O."""
