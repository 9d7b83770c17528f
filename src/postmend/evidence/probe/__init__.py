"""Asking mail hosts whether an address is alive: the dialogue up to RCPT TO, over many addresses, politely.

`limits` says how much is asked, `heard` what an answer means, `host` holds the one connection to a host, `domain` asks
a domain's hosts in order, `prober` keeps hosts and domains for a whole run. Sockets and DNS are given from outside.
"""
