"""What an engine says, sorted for people elsewhere: classified, deduplicated, rate-limited, redacted, shipped."""
