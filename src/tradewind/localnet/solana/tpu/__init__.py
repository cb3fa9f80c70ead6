"""The node's transaction port over QUIC, as Agave offers it."""
