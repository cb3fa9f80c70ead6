"""Uniswap V3 on an EVM chain: its pools as a graph that equals the chain, and swaps through SwapRouter02."""
