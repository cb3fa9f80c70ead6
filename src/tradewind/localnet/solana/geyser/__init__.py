"""Yellowstone gRPC in front of the local node: filtered streams of accounts, slots, transactions and blocks."""
