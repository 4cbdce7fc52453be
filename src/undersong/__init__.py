"""Undersong turns recipes into finished guided-imagery tracks."""

__version__ = "0.1.0"
