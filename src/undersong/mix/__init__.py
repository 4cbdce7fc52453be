"""Timeline and sources to blocks: the duck, the fades, the stems and their sum."""
