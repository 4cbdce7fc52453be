"""Utterances to takes: engines, the take cache, and what they are told to say."""
