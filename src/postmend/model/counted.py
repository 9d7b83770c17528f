"""Numbers of things, in words."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 line`, `1,204 lines`; `plural` where it is more than an `s`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
