"""Beds and cues: places to be in, endless, seekable, made from a seed."""
