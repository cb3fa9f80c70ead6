"""Turns slices into plans: the route, its price in every respect, and the steps."""
