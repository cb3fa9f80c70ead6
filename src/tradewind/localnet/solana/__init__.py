"""A local Solana: one node over LiteSVM, and the servers through which clients of the real network reach it."""
