"""One module per question put to the world. Each is given its Resolver or Dialer; none opens a socket."""
