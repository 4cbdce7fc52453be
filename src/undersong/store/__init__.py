"""What is worth keeping between runs: takes and numbers by content, in one folder."""
