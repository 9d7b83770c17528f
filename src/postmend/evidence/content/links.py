"""Links: where they lead, and whether they say so. Nothing is fetched."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from postmend.evidence.content.page import Page
from postmend.evidence.content.tell import found
from postmend.evidence.content.urls import Url, host_shown, looks_like, parse_url, site_of, urls_in_text
from postmend.knowledge.hosts import is_counter, is_redirector, is_shortener, leads_on
from postmend.model import Finding
from postmend.model.message import Message

_MOST = 2000
_MANY = 60
# Names that only the sending side resolves (RFC 6761, RFC 8375, and names in use), and addresses of the reader's own.
_PRIVATE = re.compile(
    r"(?:^|\.)(?:localhost|localdomain|local|internal|lan|intranet|corp|home\.arpa)$|^127\.[\d.]+$|^0\.0\.0\.0$"
)
_WRAPS = 3  # links through one host that carry other addresses: it counts clicks


@dataclass(frozen=True, slots=True)
class Led:
    """A link of the message: the address it leads to, and the text it shows (empty for a bare address)."""

    url: Url
    text: str


def links_of(message: Message, page: Page | None) -> tuple[Led, ...]:
    """Every link of the texts, HTML first, each address with its text once."""
    made: dict[tuple[str, str], Led] = {}
    for link in page.links if page else ():
        url = parse_url(link.target)
        if url is not None:
            made.setdefault((url.text, link.text.strip()), Led(url, link.text.strip()))
    for part in message.texts("text/plain"):
        for text in urls_in_text(part.text):
            url = parse_url(text)
            if url is not None:
                made.setdefault((url.text, ""), Led(url, ""))
    return tuple(made.values())[:_MOST]


def check_links(links: tuple[Led, ...], page: Page | None, own: str) -> tuple[Finding, ...]:
    """Findings `link.*`: one a kind, about the first link that shows it. `own` is the author's site."""
    told: dict[str, Finding] = {}
    for link in links:
        for finding in _about(link, own):
            told.setdefault(finding.id, finding)
    told.update(_leading_on(links))
    sites = {site_of(link.url.host) for link in links}
    if len(links) > _MANY * 3 or len(sites) > _MANY:
        told["link.many"] = found("link.many", links=len(links), sites=len(sites))
    for target in (link.target for link in page.links) if page else ():
        if target.lower().startswith(("data:", "file:")):
            told.setdefault("link.data", found("link.data", target[:60]))
    return tuple(told.values())


def _leading_on(links: tuple[Led, ...]) -> dict[str, Finding]:
    """Links that carry where they lead: one by itself hides it, many through one host are counted."""
    urls = [link.url for link in links if leads_on(link.url.host, link.url.path, link.url.query)]
    uses = Counter(url.host for url in urls)
    told: dict[str, Finding] = {}
    for url in urls:
        ident = "link.tracked" if is_counter(url.host) or uses[url.host] >= _WRAPS else "link.leads_on"
        told.setdefault(ident, found(ident, url.text))
    return told


def _about(link: Led, own: str) -> Iterator[Finding]:
    url = link.url
    if is_shortener(url.host) and site_of(url.host) != own:
        yield found("link.shortener", url.host)
    if url.is_ip:
        yield found("link.ip", url.text)
    elif twin := looks_like(url.unicode_host):
        yield found("link.lookalike", url.host, shown=url.unicode_host, like=twin)
    if _PRIVATE.search(url.host):
        yield found("link.private", url.text)
    if url.user:
        yield found("link.user", url.text, host=url.host)
    if url.scheme == "http":
        yield found("link.http", url.text)
    if is_redirector(url.host, url.path) and site_of(url.host) != own:
        yield found("link.redirector", url.text)
    if url.port not in {None, 80, 443}:
        yield found("link.port", url.text)
    claimed = host_shown(link.text) if link.text else ""
    if claimed and site_of(claimed) != site_of(url.unicode_host) and site_of(claimed) != site_of(url.host):
        ident = "link.mismatch_counted" if is_counter(url.host) else "link.mismatch"
        yield found(ident, link.text, claimed=claimed, host=url.host)
