"""The one exception the core raises: it means "cannot go on", never "bad news"."""


class ParseError(ValueError):
    """Input that is not what it claims to be; the message is one clear line for a person."""
