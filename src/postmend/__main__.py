"""`python -m postmend`."""

from postmend.cli import main

main()
