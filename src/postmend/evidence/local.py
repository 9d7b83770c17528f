"""What the sender's own server says of itself, where the command runs on it: its name, its address, its queue."""

from postmend.model import Fact, Finding
from postmend.model.counted import counted
from postmend.model.local import LocalServer

_SHOWN = 3


def check_local(server: LocalServer, recipient_domain: str) -> tuple[Finding, ...]:
    """Tell the server that runs here, and what waits in its queue for the recipient's domain. Nobody else is asked."""
    bound = f"sends from {server.bind_ip}" if server.bind_ip else "sends from the address that the system picks"
    detail = f"{server.program} on this machine is {server.host}, greets as {server.helo} and {bound}"
    data = (("helo", server.helo), ("host", server.host), ("ip", server.bind_ip), ("program", server.program))
    found = [Finding("local", "local.server", server.host, Fact.NONE, detail, source=server.program, data=data)]
    same = [why for to, why in server.waiting_for if to.lower().endswith("@" + recipient_domain)]
    if server.waiting:
        told = f"{counted(server.waiting, 'message')} in the queue here, {len(same)} of them for {recipient_domain}"
        reasons = "; ".join(dict.fromkeys(why[:200] for why in same if why))
        ident = "local.queue"
        detail = f"{told}: {reasons}" if reasons else told
        found.append(Finding("local", ident, server.host, Fact.NONE, detail, source=f"{server.program} queue"))
    return tuple(found)
