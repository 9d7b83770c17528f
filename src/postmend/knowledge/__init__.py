"""What is known about the world, as TOML that a mail admin can edit, and the little code that reads and matches it."""
