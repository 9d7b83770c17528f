"""A verdict in, ordered steps out; DNS records are re-evaluated before they are shown."""
