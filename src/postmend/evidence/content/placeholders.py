"""Blanks that a sending program left unfilled, in the header, the words, and the links.

Talk about programs is full of the same signs: code, quotations and answers are not looked at.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from postmend.evidence.content.page import Page
from postmend.evidence.content.tell import found
from postmend.evidence.content.words import decoded
from postmend.knowledge.placeholders import find_placeholder
from postmend.model import Finding
from postmend.model.message import Message

_FIELDS = ("subject", "from", "to", "reply-to", "sender", "list-unsubscribe")
_MOST = 200_000
_FENCED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_ASIDE = re.compile(r"^(?:[>+@\t-]| {4}).*$", re.MULTILINE)  # quotations, patches, indented code


def check_placeholders(message: Message, page: Page | None) -> tuple[Finding, ...]:
    """Findings `*.placeholder`, one a place; none in an answer, which a person wrote."""
    if message.first("in-reply-to") or message.first("references"):
        return ()
    return (*_header(message), *_texts(message, page), *_links(page))


def _header(message: Message) -> Iterator[Finding]:
    for name in _FIELDS:
        blank = find_placeholder(decoded(message.first(name)))
        if blank:
            yield found("header.placeholder", blank, field=name.title())
            return


def _texts(message: Message, page: Page | None) -> Iterator[Finding]:
    shown = ["".join(page.prose), *(each.text for each in page.hidden)] if page else []
    plain = [_ASIDE.sub("", _FENCED.sub("", part.text[:_MOST])) for part in message.texts("text/plain")]
    blank = next(filter(None, (find_placeholder(text[:_MOST]) for text in (*shown, *plain))), "")
    if blank:
        yield found("text.placeholder", blank)


def _links(page: Page | None) -> Iterator[Finding]:
    if page is None:
        return
    targets = [link.target for link in page.links] + [each.get("src", "") for each in page.pictures]
    for target in targets[:_MOST]:
        if find_placeholder(unquote(target[:4096])):
            yield found("link.placeholder", target)
            return
