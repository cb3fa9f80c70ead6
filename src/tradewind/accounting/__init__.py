"""Accounting: what really moved, read from receipts and never from quotes."""
