"""Postmend tells people why their mail was refused, proves it, says how to mend it."""

__version__ = "0.1.0"
