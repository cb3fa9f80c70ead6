"""Solana: its accounts, the pools of its venues in one graph, and what wallets hold there."""
