"""The front door: accept, validate, prioritise and decompose intents."""
