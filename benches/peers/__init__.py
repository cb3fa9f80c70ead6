"""The peers: their pinned packages, installed into an environment of their own, and the processes that run them."""
