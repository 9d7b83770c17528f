"""Whom a run asks for DNS: the network, a recording of an earlier run, or the network with a recorder beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

from postmend.app.settings import Settings
from postmend.model import ParseError

if TYPE_CHECKING:
    from postmend.model.dns import Asker


def asker_of(settings: Settings) -> "Asker":
    """Whoever answers this run's questions; the caller closes it at the end, which gives a recording its name.

    Raises ParseError for a resolver that is no address, and for a recording that cannot be read or written.
    """
    if settings.record and settings.replay:
        raise ParseError("--record and --replay exclude each other")
    if settings.replay:
        from postmend.net.recording import Replay

        return Replay(Path(settings.replay))
    from postmend.net.authority import NetAsker
    from postmend.net.dns import NetResolver
    from postmend.net.servers import servers_of

    resolver = NetResolver(servers_of(settings.resolver), settings.timeout_s)
    asker = NetAsker(resolver, settings.timeout_s, settings.authority_ports)
    if not settings.record:
        return asker
    from postmend.net.recording import Recorder

    return Recorder(asker, Path(settings.record))
