"""Blocks to files: encoded, tagged, captioned, and decoded again to prove it."""
