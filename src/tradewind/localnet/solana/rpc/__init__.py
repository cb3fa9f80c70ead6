"""JSON-RPC and its subscriptions, as Agave answers them."""
