"""Merging: the decisions of another copy of a store join the log, in an order that no clock decides."""
