"""Venues: where trades happen. One contract for all of them, and the EVM chain that the first one lives on."""
