"""Looks, before each start, whether an engine could do its work: a table of findings, and no start on a wrong one."""
