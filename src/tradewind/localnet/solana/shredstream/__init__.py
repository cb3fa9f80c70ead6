"""Entries before they are executed, as a Jito Shredstream proxy hands them on."""
