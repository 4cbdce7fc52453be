"""Finished tracks to subscribers: a show, its feed, and the files behind it.

Works from what renders leave (manifest, deliverables, captions) and never makes sound.
"""
