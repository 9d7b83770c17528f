"""From a delivery status, a notice and the returned message to one Failure for each recipient."""

import re
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from postmend.intake.codes import codes_in, helo_in
from postmend.intake.dsn import Recipient, Status, address_of, host_of, typed
from postmend.intake.kind import NOT_FAILED, looks_like_notice
from postmend.intake.notice import bare_locals, only_mention, read_notice
from postmend.intake.original import address_in, first, sending_host
from postmend.intake.scan import Headers
from postmend.intake.wording import MAX_REPLY, coded_text, completed, has_codes, prose
from postmend.knowledge.masks import masked
from postmend.knowledge.unwrap import layers
from postmend.model import Action, EnhancedStatus, Failure, Host, Kind, Original, SmtpReply, Stage

_DIAGNOSTIC_TYPE = re.compile(r"(?:smtp|x-[\w-]+|unix|dns|x400)\s*;", re.IGNORECASE)
# VERP: the recipient's address inside the address that the notice came back to.
_OUTSIDE = re.compile(r"[^@/]\S*@[\w-]+(?:\.[\w-]+)+|\"[^\"]+\"@[\w.-]+")
_VERP = re.compile(r"([\w.+-]+)=([\w.-]+\.\w+)(?=@)")
_ENVELOPE_FROM = re.compile(r"\(envelope-from <([^<>\s]{3,320})>\)")
_POSTMASTER = re.compile(r"(?:post-?master|mailer-daemon|root)@", re.IGNORECASE)
_ACTIONS = {Kind.DELAY: Action.DELAYED, Kind.DELIVERED: Action.DELIVERED}
_ENOUGH = 12  # characters: `554 5.0.0`, `X-Unix; 77` say nothing by themselves


class Material(NamedTuple):
    """What a mail was taken apart into. `headers` are those of the returned message, `returned` the first of each."""

    kind: Kind
    head: dict[str, str]
    status: Status
    notice: str
    original: Original
    returned: dict[str, str]
    headers: Headers


class _Sending(NamedTuple):
    mail_from: str
    local: Host


def failures_of(mail: Material) -> tuple[Failure, ...]:
    """Return one Failure for each recipient that was refused (delayed, delivered: as the kind is)."""
    sending = _Sending(_mail_from(mail), sending_host(mail.headers, mail.status.reporting_mta))
    groups = mail.status.recipients
    final = address_of(groups[0].final) if len(groups) == 1 else ""
    if _OUTSIDE.fullmatch(final) and _complete(_diagnostic(groups[0])):
        # The reply is all there: the notice is only asked for what stands around it.
        return _from_groups([(final, _paragraph(mail.notice, final))], mail, sending)
    exclude = _own(mail, sending.mail_from)
    field = re.split(r"[,\s]+", mail.head.get("x-failed-recipients", ""))
    failed = tuple(dict.fromkeys(address for address in field if "@" in address))
    pairs = read_notice(mail.notice, exclude, failed)
    if groups:
        return _from_groups(pairs, mail, sending)
    pairs = pairs or _without_names(mail, exclude)
    # Words that stand with the only recipient may need those of the whole notice to be understood.
    around = prose(mail.notice.split("\n")) if len(pairs) == 1 and not has_codes(pairs[0][1]) else ""
    return tuple(_failure(mail, sending, Recipient(), recipient, text, around) for recipient, text in pairs)


def _mail_from(mail: Material) -> str:
    """The reverse-path of what was refused, as far as the mail tells.

    Where nothing names it, a notice went to it (RFC 3461 section 6.1): its To, unless that is a postmaster's copy.
    """
    returned = address_in(first(mail.returned, "return-path", "x-envelope-from", "x-original-sender"))
    told = returned or mail.status.sender or _envelope_from(mail.original.received)
    back = address_in(mail.head.get("to", "")) if mail.kind is not Kind.ARF else ""
    return told or ("" if _POSTMASTER.match(back) else back) or mail.original.from_address or back


def _envelope_from(received: str) -> str:
    """The MAIL FROM as Exim and sendmail write it into their Received lines."""
    found = _ENVELOPE_FROM.search(received)
    return found[1] if found else ""


def _own(mail: Material, mail_from: str) -> frozenset[str]:
    """Addresses of the sending side."""
    heads = (address_in(mail.head.get("from", "")), address_in(mail.head.get("to", "")))
    return frozenset(address.lower() for address in (mail_from, mail.original.from_address, *heads) if address)


def _from_groups(pairs: list[tuple[str, str]], mail: Material, sending: _Sending) -> tuple[Failure, ...]:
    said = {address.lower(): reply for address, reply in reversed(pairs)}
    made = (_from_group(group, pairs, said, mail, sending) for group in mail.status.recipients)
    return tuple(failure for failure in made if failure is not None)


def _diagnostic(group: Recipient) -> str:
    """The Diagnostic-Code without its type."""
    known = _DIAGNOSTIC_TYPE.match(group.diagnostic)
    return typed(group.diagnostic) if known else group.diagnostic


def _enough(diagnostic: str) -> bool:
    return len(diagnostic) > _ENOUGH and any(c.isalpha() for c in diagnostic)


def _complete(diagnostic: str) -> bool:
    """Whether it says something, and all its lines are there (RFC 5321 section 4.2.1)."""
    return _enough(diagnostic) and diagnostic[3:4] != "-"


def _paragraph(notice: str, address: str) -> str:
    """What stands behind an address in a notice, up to the next empty line."""
    at = notice.lower().find(address.lower())
    if at < 0:
        return ""
    end = notice.find("\n\n", at)
    return " ".join(notice[at + len(address) : end if end >= 0 else len(notice)][:MAX_REPLY].lstrip(">:\"' \t").split())


def _without_names(mail: Material, exclude: frozenset[str]) -> list[tuple[str, str]]:
    """A notice that names nobody: the original's To, or VERP, tells who it was."""
    lines = mail.notice.split("\n")
    coded = coded_text(lines)
    whole = coded or prose(lines)
    domain = address_in(mail.head.get("from", "")).rpartition("@")[2]
    bare = [(f"{local}@{domain}", whole) for local in bare_locals(mail.notice)] if domain else []
    if bare:
        return bare
    if _to_a_list(mail):
        return [("", whole)] if coded else []
    to = [address for address in mail.original.to if address.lower() not in exclude]
    if to:
        return [(to[0], whole)]
    verp = _VERP.search(f"{mail.head.get('to', '')} {mail.head.get('delivered-to', '')}")
    if verp:
        return [(f"{verp[1].split('+')[-1]}@{verp[2]}", whole)]
    named = looks_like_notice("", mail.head.get("subject", ""))
    mentioned = only_mention(mail.notice, exclude) if coded or named else ""
    return [(mentioned, whole)] if coded or mentioned else []


def _to_a_list(mail: Material) -> bool:
    """Whether the message went to a discussion list: then its To names the list, and nobody who was refused."""
    posts = address_in(first(mail.returned, "list-post", "x-beenthere").replace("mailto:", ""))
    named = " ".join(value for name, value in mail.headers if name in {"to", "cc"})
    return bool(posts) and posts.lower() in named.lower()


def _from_group(
    group: Recipient, pairs: list[tuple[str, str]], said: dict[str, str], mail: Material, sending: _Sending
) -> Failure | None:
    """`said` are the pairs by lower-case address."""
    action = (group.action.split() or ["failed"])[0].lower().strip(",;")
    if action in NOT_FAILED and mail.kind is not Kind.DELIVERED:
        return None
    recipient = _recipient_of(group, pairs, mail)
    words = said.get(recipient.lower(), "") or _words_of_all(pairs, mail)
    return _failure(mail, sending, group, recipient, _diagnostic(group), words)


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
    if len(mail.status.recipients) > 1:
        return ""
    if len(pairs) == 1:
        return pairs[0][1]
    lines = mail.notice.split("\n")
    return coded_text(lines) or prose(lines)


def _failure(
    mail: Material, sending: _Sending, group: Recipient, recipient: str, text: str, words: str = ""
) -> Failure:
    """`text` is the Diagnostic-Code or the notice's reply; `words` what the notice says beside a Diagnostic-Code."""
    reply, notice = _apart(text, words, mail.notice)
    told = _told_for(recipient, reply, group.status)
    code, stage, host = told.code, told.stage, told.host
    if notice and (code is None or stage is None or not host.host):
        around = _told_for(recipient, notice, "")
        code = code or around.code
        stage, host = stage or around.stage, host if host.host else around.host
    remote = host_of(group.remote)
    original = address_of(group.original)
    return Failure(
        recipient=recipient,
        original_recipient=original if original != recipient else "",
        mail_from=sending.mail_from,
        action=_ACTIONS.get(mail.kind, Action.FAILED),
        stage=stage,
        reply=SmtpReply(code, told.enhanced, reply),
        notice=notice,
        remote=Host((remote.host or host.host).lower(), remote.ip or host.ip),
        local=replace(sending.local, helo=host.helo) if host.helo and not sending.local.helo else sending.local,
        reporting_mta=mail.status.reporting_mta,
        queue_id=mail.status.queue_id,
        when=group.last_attempt or mail.status.arrival,
    )


class _Told(NamedTuple):
    code: int | None
    enhanced: EnhancedStatus | None
    stage: Stage | None
    host: Host  # the one that refused; `helo` is the name of the one that was


def _told_for(recipient: str, text: str, status: str) -> _Told:
    """What a text tells besides its cause. With what differs masked, the notices of one mailing are alike."""
    hidden = masked(text, recipient)
    told = _told(hidden.text, status)
    host = told.host
    return told._replace(host=Host(hidden.back(host.host), hidden.back(host.ip), hidden.back(host.helo)))


@lru_cache(maxsize=1024)
def _told(text: str, status: str) -> _Told:
    code, enhanced = codes_in(text, status)
    inner = layers(text)[-1]
    return _Told(code, enhanced, inner.stage, Host(inner.host, inner.ip, helo_in(text)))


def _apart(text: str, words: str, notice: str) -> tuple[str, str]:
    """The reply, and what the notice says around it or besides."""
    text, words = " ".join(text.split()), " ".join(words.split())
    if text[3:4] == "-":
        text = completed(text, notice.split("\n"))
    if _enough(text):
        return text, "" if words in text else words
    return f"{text} {words}".strip() if text not in words else words, ""
