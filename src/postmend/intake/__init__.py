"""Bytes in, values out: what an input is, and what it says of each recipient. No I/O, no guesses at causes."""
