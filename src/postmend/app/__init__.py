"""The use cases that the faces call: explain, classify, check."""
