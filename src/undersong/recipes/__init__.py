"""File to Recipe: what a maker writes, checked whole and turned into exact plans."""
