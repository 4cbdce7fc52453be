"""Hearing a moment of a mix: any span, any stem, exactly as the full render has it."""
