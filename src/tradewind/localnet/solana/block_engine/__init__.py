"""A Jito block engine in front of the local node: bundles, their auction, and what became of them."""
