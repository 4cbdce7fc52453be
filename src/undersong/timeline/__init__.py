"""Recipe and take lengths to Timeline: every sample position, decided before any mixing."""
