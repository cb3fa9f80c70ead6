"""The HTTP API: takes intents, shows what became of them, and holds the switch. Decides nothing about trading."""
