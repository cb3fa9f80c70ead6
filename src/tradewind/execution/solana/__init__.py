"""What executors need of Solana, real: its lanes, its chain, the sign-gate, the wallets, and who makes transactions."""
