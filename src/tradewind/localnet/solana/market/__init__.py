"""The market of the local Solana: wallets, tokens, pools of the real programs, tip accounts and a lookup table."""
