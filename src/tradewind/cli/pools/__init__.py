"""Commands that work on pools alone, without a service: exact quotes, routes and cycles."""
