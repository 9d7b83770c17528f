"""Notices read once: those of one kind differ in little but who was written to, which host refused, ids and dates.

What differs is masked before a notice is read (`knowledge/masks.py`), and put back into what was read of it. A notice
is always read masked, whether remembered or not: the answer never depends on what came before.
"""

from functools import lru_cache
from typing import NamedTuple

from postmend.intake.dsn import Recipient
from postmend.intake.failures import Material, Told, complete, paragraph, told_by
from postmend.intake.kind import AUTO_FIELDS, LIST_FIELDS, VALUED_FIELDS, kind_by_actions, kind_by_words
from postmend.knowledge.masks import Masked
from postmend.knowledge.read import read_told
from postmend.knowledge.remembered import back_in_reading
from postmend.model import Kind, Reading

_MOST_KEPT, _MAX_CHARS = 2048, 12_000  # how many notices are remembered; longer ones are read as they are
_HEAD = (
    "from", "to", "delivered-to", "x-failed-recipients", "sender", "subject", "auto-submitted", "return-path",
    *AUTO_FIELDS, *VALUED_FIELDS,
)  # fmt: skip
_ASKS_WHETHER_SEEN = "disposition-notification"  # all that is looked for in the Content-Type, whose boundary differs
_GROUP_LINES = 6  # fields of a group, up to the name of the host that refused
_REFUSED = {Kind.DSN, Kind.BOUNCE, Kind.DELAY}


class Understood(NamedTuple):
    """What a notice tells of each recipient, and what the words about each say by themselves (not of deliveries)."""

    kind: Kind
    told: tuple[Told, ...] = ()
    readings: tuple[Reading | None, ...] = ()


def understand(mail: Material) -> Understood:
    """Tell the kind of a notice, what it tells of each recipient, and read the words about each. Never raises."""
    text = _written(mail)
    if len(text) > _MAX_CHARS:
        return understand_text(text)
    hidden = Masked(text, tuple(group.remote for group in mail.groups if "." in group.remote), _MAX_CHARS)
    found = _remembered(hidden.text)
    if not hidden:
        return found
    told = tuple([each.changed(hidden.back) for each in found.told])
    return Understood(found.kind, told, tuple([each and back_in_reading(each, hidden) for each in found.readings]))


def understand_text(text: str) -> Understood:
    """`understand` of what `_written` wrote."""
    mail = _read(text)
    kind = kind_by_actions(mail.groups) if mail.groups else kind_by_words(mail.head, mail.notice)
    told = told_by(mail, kind) if kind in _REFUSED or kind is Kind.DELIVERED else ()
    return Understood(kind, told, tuple(_reading(each) if kind in _REFUSED else None for each in told))


_remembered = lru_cache(_MOST_KEPT)(understand_text)


def _reading(told: Told) -> Reading:
    return read_told(
        told.reply, told.notice, stage=told.stage, remote_host=told.host, code=told.code, enhanced=told.enhanced
    )


def _written(mail: Material) -> str:
    """All that decides, as one text: a line for each field, then the notice."""
    head: list[str] = []
    sending, notice = ("", "", "", ""), mail.notice
    if final := complete(mail.groups):
        notice = paragraph(notice, final)
    else:
        head = [f"{name}: {mail.head[name]}" for name in _HEAD if name in mail.head]
        if _ASKS_WHETHER_SEEN in mail.head.get("content-type", "").lower():
            head.append(f"content-type: {_ASKS_WHETHER_SEEN}")
        head += [f"{name}: there" for name in LIST_FIELDS if name in mail.head]
        sending = mail.mail_from, mail.author, " ".join(mail.to), "to a list" if mail.to_list else ""
    groups = [field for group in mail.groups for field in group[:_GROUP_LINES]]
    return "\n".join([str(len(head)), str(len(mail.groups)), *head, *sending, *groups, notice])


def _read(text: str) -> Material:
    """Read what `_written` wrote."""
    heads, count, rest = text.split("\n", 2)
    lines = rest.split("\n", int(heads) + 4 + int(count) * _GROUP_LINES)
    head = dict(line.split(": ", 1) for line in lines[: int(heads)])
    mail_from, author, to, to_list = lines[int(heads) : int(heads) + 4]
    starts = range(int(heads) + 4, len(lines) - 1, _GROUP_LINES)
    groups = tuple(Recipient(*lines[at : at + _GROUP_LINES]) for at in starts)
    return Material(head, groups, lines[-1], mail_from, author, tuple(to.split()), to_list=bool(to_list))
