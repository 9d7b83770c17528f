"""From the verdict to the plan: ordered steps, each with who acts, the exact record, and how to see that it worked."""

from postmend.remedy.plan import plan

__all__ = ["plan"]
