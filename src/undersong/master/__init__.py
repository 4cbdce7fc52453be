"""Blocks to blocks and levels: one static gain to the target, and a limiter that rarely works."""
