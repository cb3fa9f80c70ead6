"""What is true now: the log folded into one view of every open intent."""
