"""From bytes to values: what an input is, who was refused, and the words of the refusal.

Never raises on hostile input, except ParseError with one clear line; everything is bounded.
"""

from postmend.intake.read import read_any

__all__ = ["read_any"]
