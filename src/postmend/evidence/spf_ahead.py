"""Asking ahead what an SPF evaluation will need, side by side and down through the includes.

Only time is won: what is matched, counted and void is decided by the evaluation, which asks the same questions in the
record's own order and finds the answers under way. Nothing is asked that an evaluation to the end would not ask,
and no more than `_MOST_AHEAD` questions.
"""

import asyncio

from postmend.evidence.spf_macro import Identity, expand, needs_validated_name, shows_local_part
from postmend.evidence.spf_record import LOOKUP_TERMS, Mechanism, SpfRecord, mx_hosts, parse_spf, spf_texts
from postmend.evidence.spf_result import MOST_LOOKUPS
from postmend.model import ParseError
from postmend.model.dns import Answer, Resolver

_MOST_AHEAD = 40
_MOST_DEPTH = 10  # each include is a lookup, and ten are allowed


class Ahead:
    """A Resolver in front of another for one evaluation: what was begun ahead is not asked again."""

    def __init__(self, resolver: Resolver, identity: Identity) -> None:
        self._resolver = resolver
        self._identity = identity
        self._address = "A" if identity.ip.version == 4 else "AAAA"
        self._tasks: dict[tuple[str, str], asyncio.Task[Answer]] = {}
        self._walks: set[asyncio.Task[None]] = set()

    async def query(self, name: str, rdtype: str) -> Answer:
        """The answer under way, or a new one."""
        task = self._tasks.get((name.lower(), rdtype))
        return await (asyncio.shield(task) if task else self._resolver.query(name, rdtype))

    def begin(self, record: SpfRecord, domain: str, depth: int = 0) -> None:
        """Begin the lookups that a record at `domain` will need, until a term that surely decides."""
        room = MOST_LOOKUPS
        for mechanism in record.mechanisms:
            if room <= 0 or self._decides(mechanism):
                return
            if mechanism.name in LOOKUP_TERMS:
                room -= 1
                self._begin_term(mechanism, domain, depth)
        if record.redirect:
            self._walk(record.redirect, "TXT", domain, depth)

    def _decides(self, mechanism: Mechanism) -> bool:
        network, ip = mechanism.network, self._identity.ip
        return mechanism.name == "all" or (network is not None and ip.version == network.version and ip in network)

    def _begin_term(self, mechanism: Mechanism, domain: str, depth: int) -> None:
        if mechanism.name != "ptr":
            rdtype = {"include": "TXT", "a": self._address, "mx": "MX", "exists": "A"}[mechanism.name]
            self._walk(mechanism.domain or domain, rdtype, domain, depth)

    def _walk(self, spec: str, rdtype: str, domain: str, depth: int) -> None:
        """Ask for a target, and for what its own record or hosts will need."""
        if needs_validated_name(spec) or (shows_local_part(spec) and not self._identity.local.isascii()):
            return
        name = expand(spec, self._identity, domain).removesuffix(".") if "%" in spec else spec.removesuffix(".")
        task = self._start(name, rdtype)
        if task is not None and rdtype in {"TXT", "MX"} and depth < _MOST_DEPTH:
            walk = asyncio.ensure_future(self._go_on(task, name, rdtype, depth + 1))
            self._walks.add(walk)
            walk.add_done_callback(self._walks.discard)

    def _start(self, name: str, rdtype: str) -> "asyncio.Task[Answer] | None":
        key = (name.lower(), rdtype)
        if key in self._tasks or len(self._tasks) >= _MOST_AHEAD:
            return None
        self._tasks[key] = asyncio.ensure_future(_query(self._resolver, name, rdtype))
        return self._tasks[key]

    async def _go_on(self, task: "asyncio.Task[Answer]", name: str, rdtype: str, depth: int) -> None:
        answer = await task
        if rdtype == "MX":
            for host in mx_hosts(answer)[:MOST_LOOKUPS]:
                self._start(host, self._address)
            return
        texts = spf_texts(answer)
        if len(texts) == 1:
            try:
                record = parse_spf(texts[0])
            except ParseError:
                return  # the evaluation will say so, if it gets there
            self.begin(record, name, depth)

    def stop(self) -> None:
        """Let go of what nobody needs any more."""
        for task in (*self._walks, *self._tasks.values()):
            task.cancel()


async def _query(resolver: Resolver, name: str, rdtype: str) -> Answer:
    return await resolver.query(name, rdtype)
