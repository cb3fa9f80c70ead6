"""Ours and the peers, measured in one run and in turns. Start it with `make bench`."""
