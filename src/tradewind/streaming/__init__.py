"""The journal that makes acceptance durable, and the stream that tells the rest of the process about it."""
