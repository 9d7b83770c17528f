"""What is known about the world, as TOML that a mail admin can edit, and the little code that reads and matches it."""


def compile_all() -> None:
    """Compile every TOML file that is read at start-up (`compiled.load`); called when a wheel is built."""
    from postmend.knowledge.book import default_book

    default_book()
