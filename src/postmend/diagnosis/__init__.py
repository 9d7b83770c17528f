"""Hypotheses and findings in, a verdict out. Pure."""
