"""What operators see: one function per business event, and the clock that every room is given."""
