"""All that a message shows by itself, and what of it there is to ask others about."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from postmend.evidence.content.addresses import mailboxes
from postmend.evidence.content.attachments import check_attachments
from postmend.evidence.content.headers import check_headers
from postmend.evidence.content.html import read_page
from postmend.evidence.content.links import Led, check_links, links_of
from postmend.evidence.content.lists import is_bulk
from postmend.evidence.content.look import check_look
from postmend.evidence.content.page import Page
from postmend.evidence.content.placeholders import check_placeholders
from postmend.evidence.content.structure import check_structure
from postmend.evidence.content.urls import site_of
from postmend.model import Finding
from postmend.model.message import Message

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found. `named` are the sites and IP addresses that the message names, to be asked of blocklists."""

    findings: tuple[Finding, ...]
    page: Page | None
    links: tuple[Led, ...]
    bulk: bool
    named: tuple[str, ...]


def look_at(message: Message, moment: datetime) -> Looked:
    """Look at a message without asking anybody; `moment` (aware) is when the receiver gets it."""
    pages = message.texts("text/html")
    page = read_page("\n".join(part.text for part in pages)) if pages else None
    links = links_of(message, page)
    own = next((site_of(each.domain) for each in mailboxes(message.first("from"))), "")
    findings = (
        *check_headers(message, moment),
        *check_structure(message, page),
        *check_look(page),
        *check_links(links, page, own),
        *check_placeholders(message, page),
        *check_attachments(message),
    )
    return Looked(findings, page, links, is_bulk(message, page), _named(message, links))


def _named(message: Message, links: tuple[Led, ...]) -> tuple[str, ...]:
    names: list[str] = []
    for field in ("from", "reply-to", "sender"):
        names += [site_of(each.domain) for each in mailboxes(message.first(field)) if "." in each.domain]
    names += [link.url.ip or site_of(link.url.host) for link in links]
    return tuple(name for name in dict.fromkeys(names) if _public(name))[:_MOST_NAMED]


def _public(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_global
    except ValueError:
        return "." in name and name.isascii()
