"""The one exception the core raises: it means "cannot go on", never "bad news"."""


class ParseError(ValueError):
    """Input that is not what it claims to be; the message is one clear line for a person."""


def in_words(error: OSError | ValueError) -> str:
    """What the system says of an error: `no such file or directory`. ValueError: of a name that no file can have."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def unreadable(what: object, error: OSError | ValueError) -> ParseError:
    """A ParseError on a file that cannot be read."""
    return ParseError(f"{what}: cannot be read ({in_words(error)})")


def unwritable(what: object, error: OSError) -> ParseError:
    """A ParseError on a file that cannot be written."""
    return ParseError(f"{what}: cannot be written ({in_words(error)})")
