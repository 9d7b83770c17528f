"""Notices read once: those of one kind differ in little but who was written to, which host refused, ids and dates.

What differs is masked before a notice is read (`knowledge/masks.py`), and put back into what was read of it. A notice
is always read masked, whether remembered or not: the answer never depends on what came before.
"""

from functools import lru_cache

from postmend.intake.dsn import Recipient, address_of
from postmend.intake.failures import Material, Told, complete, paragraph, told_by
from postmend.intake.kind import kind_by_actions, kind_by_words
from postmend.knowledge.masks import Masked
from postmend.model import Kind

_MAX_CHARS = 12_000  # longer notices are read as they are
_HEAD = (
    "from", "to", "delivered-to", "x-failed-recipients", "sender", "subject", "auto-submitted", "return-path",
    "content-type", "x-autoreply", "x-autorespond", "x-auto-response-from",
)  # fmt: skip
_GROUP_LINES = 5
_READ = {Kind.DSN, Kind.BOUNCE, Kind.DELAY, Kind.DELIVERED}


def understand(mail: Material) -> tuple[Kind, tuple[Told, ...]]:
    """Tell the kind of a notice, and what it tells of each recipient."""
    text = _written(mail)
    hidden = Masked(text, most=_MAX_CHARS)
    kind, told = _understood(hidden.text)
    if not hidden:
        return kind, told
    return kind, tuple([_back(each, hidden) for each in told])


def _back(told: Told, hidden: Masked) -> Told:
    return Told(
        told.group,
        hidden.back(told.recipient),
        hidden.back(told.original),
        hidden.back(told.reply),
        hidden.back(told.notice),
        hidden.back(told.host).lower(),
        hidden.back(told.ip),
        hidden.back(told.helo),
        told.code,
        told.enhanced,
        told.stage,
    )


@lru_cache(maxsize=2048)
def _understood(text: str) -> tuple[Kind, tuple[Told, ...]]:
    mail = _read(text)
    kind = kind_by_actions(mail.groups) if mail.groups else kind_by_words(mail.head, mail.notice)
    return kind, told_by(mail, kind) if kind in _READ else ()


def _written(mail: Material) -> str:
    """All that decides, as one text: a line for each field, then the notice."""
    head: list[str] = []
    sending, notice = ("", "", "", ""), mail.notice
    if complete(mail.groups):
        notice = paragraph(notice, address_of(mail.groups[0].final))
    else:
        head = [f"{name}: {mail.head[name]}" for name in _HEAD if name in mail.head]
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
