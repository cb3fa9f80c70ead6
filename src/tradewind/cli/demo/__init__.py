"""The demo: one intent, from HTTP to a fill on a local chain, told as it happens and proven from the chain."""
