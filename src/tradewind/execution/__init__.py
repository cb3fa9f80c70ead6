"""Carries plans out: the sign-gate's client, the orchestrator, and the kill switch."""
