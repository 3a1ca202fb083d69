"""Benchmarks of speed and quality against peers: each module is a command that prints its measurements."""
