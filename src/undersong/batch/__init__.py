"""Whole libraries: which tracks there are, which must be made, and who makes them."""
