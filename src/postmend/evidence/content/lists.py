"""Header fields of mail to many: one-click unsubscribe (RFC 8058), List-* (RFC 2369, 2919), Feedback-ID, Precedence."""

import re
from collections.abc import Iterator, Sequence

from postmend.evidence.content.page import Page
from postmend.evidence.content.tell import found
from postmend.evidence.content.urls import parse_url
from postmend.knowledge.bulk import speaks_of_leaving
from postmend.model import Fact, Finding
from postmend.model.message import Message

_ANGLED = re.compile(r"<([^<>]{1,2000})>")
_ONE_CLICK = re.compile(r"^\s*List-Unsubscribe\s*=\s*One-Click\s*$", re.IGNORECASE)
_LIST_ID = re.compile(r"<[^\s<>.]+(?:\.[^\s<>.]+)+>")
_BULK = {"bulk", "list"}


def is_bulk(message: Message, page: Page | None) -> bool:
    """Whether a message shows that it goes to many: list fields, Precedence, or words to leave a list by."""
    if any(message.first(name) for name in ("list-unsubscribe", "list-id", "list-unsubscribe-post", "feedback-id")):
        return True
    if message.first("precedence").strip().lower() in _BULK:
        return True
    texts = [part.text[:200_000] for part in message.texts("text/plain")] + ([page.text[:200_000]] if page else [])
    return any(speaks_of_leaving(text) for text in texts)


def check_lists(message: Message, signed: Sequence[frozenset[str]] | None, *, bulk: bool) -> tuple[Finding, ...]:
    """Findings `list.*`. `signed` holds, for each DKIM signature, the names it covers; None where nobody looked.

    `bulk` is what `is_bulk` says of the message.
    """
    faults = (*_unsubscribe(message, bulk=bulk), *_covered(message, signed))
    if bulk and signed and not faults:
        detail = "one-click unsubscribe is there, and signed (RFC 8058)"
        faults = (Finding("list", "list.one_click", "the message", Fact.PASS, detail, source="List-Unsubscribe"),)
    return (*faults, *_others(message, bulk=bulk))


def _unsubscribe(message: Message, *, bulk: bool) -> Iterator[Finding]:
    value, post = message.first("list-unsubscribe"), message.first("list-unsubscribe-post")
    if not value:
        if bulk:
            yield found("list.no_unsubscribe")
        if post:
            yield found("list.post_alone", post)
        return
    targets = [target.strip() for target in _ANGLED.findall(value)]
    secure = [each for each in targets if each.lower().startswith("https://") and parse_url(each)]
    if not targets:
        yield found("list.unsubscribe_form", value)
    elif not secure:
        yield found("list.not_https", targets[0])
    elif not post:
        yield found("list.no_one_click")
    if post and not _ONE_CLICK.match(post):
        yield found("list.post_form", post)
    elif post and targets and not secure:
        yield found("list.post_without_https")


def _covered(message: Message, signed: Sequence[frozenset[str]] | None) -> Iterator[Finding]:
    """RFC 8058 section 4: one signature that covers both fields."""
    if signed is None or not message.first("list-unsubscribe"):
        return
    need = {"list-unsubscribe"} | ({"list-unsubscribe-post"} if message.first("list-unsubscribe-post") else set())
    if signed and not any(need <= names for names in signed):
        missing = min((need - names for names in signed), key=len)
        yield found("list.not_signed", ", ".join(sorted(missing)))


def _others(message: Message, *, bulk: bool) -> Iterator[Finding]:
    listed = message.first("list-id")
    if listed and not _LIST_ID.search(listed):
        yield found("list.id_form", listed)
    feedback = message.first("feedback-id")
    if feedback and len([p for p in feedback.split(":") if p.strip()]) < 2:
        yield found("list.feedback_form", feedback)
    elif bulk and not feedback and message.first("list-unsubscribe"):
        yield found("list.no_feedback_id")
    if bulk and not listed and message.first("list-unsubscribe"):
        yield found("list.no_id")
    precedence = message.first("precedence").strip().lower()
    if precedence and precedence not in {"bulk", "list", "junk", "first-class", "auto_reply"}:
        yield found("list.precedence", precedence)
    for name in ("x-priority", "importance", "x-msmail-priority"):
        value = message.first(name).strip().lower()
        if bulk and value.startswith(("1", "2", "high", "urgent")):
            yield found("list.urgent", value, field=name.title())
            break
