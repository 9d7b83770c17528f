"""From a delivery status and a notice to what they tell of each recipient: pure text, in and out."""

import re
from collections.abc import Callable
from typing import NamedTuple

from postmend.intake.codes import codes_in, helo_in
from postmend.intake.dsn import Recipient, address_of, typed
from postmend.intake.kind import NOT_FAILED, has_null_path, looks_like_notice, says_refused
from postmend.intake.notice import bare_locals, only_mention
from postmend.intake.original import address_in
from postmend.intake.scan import decode_words
from postmend.intake.several import read_notices
from postmend.intake.wording import MAX_REPLY, coded_text, completed, has_codes, prose
from postmend.knowledge.unwrap import layers
from postmend.model import EnhancedStatus, Kind, Stage

_DIAGNOSTIC_TYPE = re.compile(r"(?:smtp|x-[\w-]+|unix|dns|x400)\s*;", re.IGNORECASE)
# VERP: the recipient's address inside the address that the notice came back to.
_OUTSIDE = re.compile(r"[^@/]\S*@[\w-]+(?:\.[\w-]+)+|\"[^\"]+\"@[\w.-]+")
_VERP = re.compile(r"([\w.+-]+)=([\w.-]+\.\w+)(?=@)")
_ENOUGH = 12  # characters: `554 5.0.0`, `X-Unix; 77` say nothing by themselves


class Material(NamedTuple):
    """What tells who was refused, and why.

    `head` are the fields of the notice, `groups` those of the delivery status (`remote`: only the name of the host),
    `mail_from`, `author` and `to` the reverse-path, From and To of the message that was refused; `to_list`: it went to
    a discussion list, so that its To names nobody who was refused.
    """

    head: dict[str, str]
    groups: tuple[Recipient, ...]
    notice: str
    mail_from: str = ""
    author: str = ""
    to: tuple[str, ...] = ()
    to_list: bool = False


class Told(NamedTuple):
    """What is told of one recipient. `group` is the number of its group in the delivery status, -1 without one.

    `host` and `ip` are of the one that refused, `helo` is the name of the one that was.
    """

    group: int
    recipient: str
    original: str
    reply: str
    notice: str
    host: str
    ip: str
    helo: str
    code: int | None
    enhanced: EnhancedStatus | None
    stage: Stage | None

    def changed(self, change: Callable[[str], str]) -> "Told":
        """The same with each of its texts changed."""
        return Told(
            self.group,
            change(self.recipient),
            change(self.original),
            change(self.reply),
            change(self.notice),
            change(self.host),
            change(self.ip),
            change(self.helo),
            self.code,
            self.enhanced,
            self.stage,
        )


def told_by(mail: Material, kind: Kind) -> tuple[Told, ...]:
    """What is told of each recipient that was refused (delayed, delivered: as the kind is)."""
    final = complete(mail.groups)
    if final:
        # The reply is all there: the notice is only asked for what stands around it.
        return _of_groups([(final, paragraph(mail.notice, final)[len(final) + 1 :])], mail, kind)
    exclude = _own(mail)
    field = re.split(r"[,\s]+", mail.head.get("x-failed-recipients", ""))
    failed = tuple(dict.fromkeys(address for address in field if "@" in address))
    pairs = read_notices(mail.notice, exclude, failed)
    if mail.groups:
        return _of_groups(pairs, mail, kind)
    pairs = pairs or _without_names(mail, exclude)
    # Words that stand with the only recipient may need those of the whole notice to be understood.
    around = prose(mail.notice.split("\n")) if len(pairs) == 1 and not has_codes(pairs[0][1]) else ""
    return tuple(_told(mail, -1, recipient, text, around) for recipient, text in pairs)


def complete(groups: tuple[Recipient, ...]) -> str:
    """The recipient, where a delivery status says all: one, and all lines of a reply (RFC 5321 section 4.2.1)."""
    if len(groups) != 1:
        return ""
    final, diagnostic = address_of(groups[0].final), _diagnostic(groups[0])
    whole = _enough(diagnostic) and diagnostic[3:4] != "-"
    return final if whole and _OUTSIDE.fullmatch(final) else ""


def paragraph(notice: str, address: str) -> str:
    """An address in a notice, on one line with what stands behind it up to the next empty line."""
    at = notice.lower().find(address.lower())
    if at < 0:
        return ""
    end = notice.find("\n\n", at)
    behind = notice[at + len(address) : end if end >= 0 else len(notice)][:MAX_REPLY].lstrip(">:\"' \t")
    return " ".join([address, *behind.split()])


def _own(mail: Material) -> frozenset[str]:
    """Addresses of the sending side."""
    heads = (address_in(mail.head.get("from", "")), address_in(mail.head.get("to", "")))
    return frozenset(address.lower() for address in (mail.mail_from, mail.author, *heads) if address)


def _of_groups(pairs: list[tuple[str, str]], mail: Material, kind: Kind) -> tuple[Told, ...]:
    said = {address.lower(): reply for address, reply in reversed(pairs)}
    groups = enumerate(mail.groups)
    named = [number for number, group in groups if kind is Kind.DELIVERED or not _went_through(group)]
    return tuple(_of_group(number, pairs, said, mail) for number in named)


def _diagnostic(group: Recipient) -> str:
    """The Diagnostic-Code without its type."""
    known = _DIAGNOSTIC_TYPE.match(group.diagnostic)
    return typed(group.diagnostic) if known else group.diagnostic


def _enough(diagnostic: str) -> bool:
    return len(diagnostic) > _ENOUGH and any(c.isalpha() for c in diagnostic)


def _without_names(mail: Material, exclude: frozenset[str]) -> list[tuple[str, str]]:
    """A notice that names nobody: the original's To, or VERP, tells who it was."""
    lines = mail.notice.split("\n")
    coded = coded_text(lines)
    whole = coded or prose(lines)
    domain = address_in(mail.head.get("from", "")).rpartition("@")[2]
    bare = [(f"{local}@{domain}", whole) for local in bare_locals(mail.notice)] if domain else []
    if bare:
        return bare
    if mail.to_list:
        return [("", whole)] if coded else []
    to = [address for address in mail.to if address.lower() not in exclude]
    if to:
        return [(to[0], whole)]
    verp = _VERP.search(f"{mail.head.get('to', '')} {mail.head.get('delivered-to', '')}")
    if verp:
        return [(f"{verp[1].split('+')[-1]}@{verp[2]}", whole)]
    named = looks_like_notice("", mail.head.get("subject", ""))
    system = looks_like_notice(mail.head.get("from", ""), "")
    mentioned = only_mention(mail.notice, exclude) if coded or named or (system and has_null_path(mail.head)) else ""
    subject = decode_words(mail.head.get("subject", ""))
    if named and not mentioned and (mentioned := only_mention(subject, exclude)):
        whole = f"{subject}. {whole}"
    nameless = named and system and says_refused(whole)
    return [(mentioned, whole)] if coded or mentioned or nameless else []


def _went_through(group: Recipient) -> bool:
    return (group.action.split() or ["failed"])[0].lower().strip(",;") in NOT_FAILED


def _of_group(number: int, pairs: list[tuple[str, str]], said: dict[str, str], mail: Material) -> Told:
    """`said` are the pairs by lower-case address."""
    group = mail.groups[number]
    recipient = _recipient_of(group, pairs, mail)
    words = said.get(recipient.lower(), "") or _words_of_all(pairs, mail)
    return _told(mail, number, recipient, _diagnostic(group), words)


def _recipient_of(group: Recipient, pairs: list[tuple[str, str]], mail: Material) -> str:
    """The final recipient; where that is a file, a pipe or an inside name, the address that led to it."""
    final, original = address_of(group.final), address_of(group.original)
    routed = group.final.partition(";")[2].strip().startswith("@")
    if _OUTSIDE.fullmatch(final) or ("@" in final and not final.startswith(("@", "/")) and not routed):
        return final
    named = mail.head.get("x-failed-recipients", "").strip()
    others = [original, named if "," not in named else "", pairs[0][0] if len(pairs) == 1 else ""]
    return next((other for other in others if _OUTSIDE.fullmatch(other)), final or original)


def _words_of_all(pairs: list[tuple[str, str]], mail: Material) -> str:
    """What the notice says where it does not name the recipient as the delivery status does."""
    if len(mail.groups) > 1:
        return ""
    if len(pairs) == 1:
        return pairs[0][1]
    lines = mail.notice.split("\n")
    return coded_text(lines) or prose(lines)


def _told(mail: Material, number: int, recipient: str, text: str, words: str = "") -> Told:
    """`text` is the Diagnostic-Code or the notice's reply; `words` what the notice says beside a Diagnostic-Code."""
    group = mail.groups[number] if number >= 0 else Recipient()
    reply, notice = _apart(text, words, mail.notice)
    code, enhanced = codes_in(reply, group.status)
    inner, helo = layers(reply)[-1], helo_in(reply)
    stage, host, ip = inner.stage, inner.host, inner.ip
    if notice and (code is None or stage is None or not host):
        around = layers(notice)[-1]
        code = code or codes_in(notice, "")[0]
        stage = stage or around.stage
        if not host:
            host, ip, helo = around.host, around.ip, helo_in(notice)
    original = address_of(group.original)
    original = original if original != recipient else ""
    host = group.remote or host.lower()
    return Told(number, recipient, original, reply, notice, host, ip, helo, code, enhanced, stage)


def _apart(text: str, words: str, notice: str) -> tuple[str, str]:
    """The reply, and what the notice says around it or besides."""
    text, words = " ".join(text.split()), " ".join(words.split())
    if text[3:4] == "-":
        text = completed(text, notice.split("\n"))
    if _enough(text):
        return text, "" if words in text else words
    return f"{text} {words}".strip() if text not in words else words, ""
