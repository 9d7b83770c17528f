"""The only package with sockets: DNS, SMTP, HTTP, with timeouts, limits and caches."""
