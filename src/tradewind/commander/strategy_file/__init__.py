"""The user's file of a strategy: found by name, read from YAML, JSON or TOML, every mistake told with its line."""
