"""Bringing a recording into the library: looked at once, repaired once, written clean."""
