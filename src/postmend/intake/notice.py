"""The text of a notice that has no machine-readable part: who was refused, and with what words.

One reader for all programs. It finds where the returned message begins, the lines that name a recipient, and
the reply that stands with each. Programs differ in a few words only, and those are the tables below.
"""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from postmend.intake.wording import (
    ADDRESS,
    MAX_REPLY,
    REPLY_CODE,
    block,
    coded_text,
    has_codes,
    prose,
    without_boilerplate,
)

_ADDRESS = re.compile(ADDRESS)
# Lines after which the message that was refused stands, with the ruler before the words.
_ORIGINAL = re.compile(
    r"^[ \t>*=_-]*+(?:"
    r"below this line is a copy|(?:here|this) is a copy of (?:the|your)|(?:below|following) is (?:a|the) copy of|"
    r"the headers? of the original|(?:original|unsent|returned|undelivered|returning) (?:message|mail|e-mail)s?\b(?! headers?:? *\S+@)(?: (?:follows?|as follows|text|headers?|below|is (?:attached|included))|[ \t]*[-:.=_]*[ \t]*$)|"
    r"(?:message|mail) headers? follows?|included is a copy|bounced e-?mail|copy of (?:the )?(?:original )?message|"
    r"(?:begin|start) of (?:the )?(?:original|returned)|the attachment contains the original|your (?:original )?message (?:follows|was[ \t]*:?[ \t]*$|is included|reads)|"
    r"message (?:contents|header|text) follows?|(?:first|only) \d+ (?:lines|bytes) of|content-type: message/|the (?:original|following) message (?:was|is) (?:attached|below|included)|"
    r"original message headers|元のメール|送信されたメール"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS = (
    "Return-Path:", "Received:", "Delivered-To:", "X-", "DKIM-Signature:", "Message-I", "MIME-Version:",
    "Authentication-Results:",
)  # fmt: skip
_HEADER_RUN = re.compile(
    r"^(?:Return-Path|Received|Delivered-To|X-[\w-]+|DKIM-Signature|Message-I[dD]|MIME-Version|Authentication-Results): ?.*\n(?:[ \t].*\n|[\w-]+:.*\n){2,}",
    re.MULTILINE,
)
# `<addr>: reply`, `addr... reply`, and an address alone on its line, however it is marked.
_MARK = r"[ \t>*•·-]{0,12}(?:mailto:|Recipient:[ \t]*)?(?:\"[^\"\n]{0,80}\"[ \t]+)?[<\"'\[]{0,2}"
_ALONE = re.compile(
    rf"^{_MARK}({ADDRESS})[>\"'\]]{{0,2}}(?:<mailto:[^>]*>|\(.{{0,80}}\)|\[.{{0,80}}\])?[ \t]*[:.,;]?[ \t]*(?:\(after .*\)|\(expanded from.*|\(reading .*|\(ultimately generated.*|\(generated from.*)?$"
)
_WITH_REPLY = re.compile(
    rf"^{_MARK}({ADDRESS})[>\"'\]]{{0,2}}[ \t]*(?:<mailto:[^>]*>)?(?:\(.{{0,120}}?\))?[ \t]*(?::[ \t]*|\.\.\.[ \t]*|[ \t]-+[ \t]|[ \t]+(?=(?:\(|on (?:\w{{3}},|\d)|\[|invalid|unknown|not |no |is |was |does|could|user|mailbox|undeliver|reject|fail)))(.+)$",
    re.IGNORECASE,
)
_SENDMAIL = re.compile(
    rf"^[ \t>]*(?P<lead>[45]\d\d(?:[ -][45]\.\d{{1,3}}\.\d{{1,3}})?)[ -]<?(?P<addr>{ADDRESS}|[\w.+-]+)>?\.\.\. (?P<reply>.+)$"
)
_PHRASE = re.compile(
    rf"(?:\b(?:to|for|recipients?(?:\(s\))?|address(?:es)?|user|mailbox|account|destinataires?|empf\w+|destinat[aá]rios?|adress\w*|adres\w{{0,3}}|indirizzo|direcci[oó]n|endereço|usu[aá]rio|utilisateur|benutzer\w*|"
    rf"адрес\w*|пользовател\w*|получател\w*|adresat\w*|odbiorc\w*|mottagare\w*|modtager\w*|ontvanger\w*|收件人|地址|アドレス|받는 ?사람|주소|errors?|rcpt|size|name|deliver\w*|宛先|あて先|送信先|受信者)\b[^\n@]{{0,40}}?[:：<\"'「( ]|[:：「])[ \t]*[<\"'(]{{0,2}}({ADDRESS})",
    re.IGNORECASE,
)
# Lines that quote the header of what was sent: the address in them is the one refused only if nothing else is.
_QUOTED_HEADER = re.compile(
    r"^[ \t>*•-]*(?:to|from|cc|bcc|date|sent|subject|received on|message-id|return-path|reply-to|mail from|delivered-to|x-[\w-]+)[ \t]*:",
    re.IGNORECASE,
)
# A line about who sent it, in any language a notice comes in: the address in it was not refused.
_SENDERS_LINE = re.compile(
    r"^[^\n:：@]{0,40}(?:sender|absender|afsender|avsender|avsändar|afzender|exp[eé]diteur|remitente|remetente|mittente|"
    r"nadawc|od[eo]s[ií]lat|lähettäj|felad[oó]|expeditor|gönderen|отправител|відправник|送信者|送信元|差出人|发件人|發件人|寄件者|寄件人|보낸 ?사람|발신자)"
    r"[^\n:：@]{0,24}[:：]",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(rf"<({ADDRESS})>|generated from ({ADDRESS})")
_EXPANDED = re.compile(rf"^[ \t]*\(expanded from: <?({ADDRESS})>?\)")
_BARE_LOCAL = re.compile(r"^[ \t]+([A-Za-z0-9][\w.+-]{0,63})[ \t]*$")
_RCPT = re.compile(rf"RCPT TO:[ ]?<?({ADDRESS})>?", re.IGNORECASE)
_SYSTEM = re.compile(
    r"^(?:mailer-?daemon|postmaster|post_master|mail-daemon|abuse|no-?reply|bounces?|mdaemon|support|helpdesk|hostmaster|webmaster|auto-?reply|administrator|sysadmin)@",
    re.IGNORECASE,
)

_TELLING = 2  # words that say something by themselves: `Unrouteable address`
# Ranks beyond those of `_named`: the sending side itself, and one that only a header names.
_OF_SENDER, _BY_HEADER = 5, 9


class Named(NamedTuple):
    """A recipient as the notice names it, with the reply that stands there (may be empty)."""

    address: str
    reply: str
    line: int
    rank: int


def split_original(text: str) -> tuple[str, str]:
    """The notice, and the returned message where it stands in the same text."""
    # Not in the first line: it would be the refused message of nothing.
    first = len(text) - len(text.lstrip())
    found = _ORIGINAL.search(text, text.find("\n", first) + 1 or len(text))
    cut = found.start() if found else len(text)
    if any(name in text for name in _HEADERS):
        runs = (found.start() for found in _HEADER_RUN.finditer(text, 0, cut))
        cut = next((start for start in runs if text[:start].strip()), cut)
    return text[:cut], text[cut:]


def is_system(address: str) -> bool:
    """Whether an address is of the mail system: such a one is named for questions, not as a recipient."""
    return _SYSTEM.match(address) is not None


def _lines(notice: str) -> list[str]:
    return [line.rstrip() for line in notice.split("\n")]


def _clean(address: str) -> str:
    return address.strip().strip(".'\"<>,;:").lstrip("=")


def _named(lines: list[str]) -> Iterator[Named]:
    """Every address that a notice may mean, with a rank: 0 stands as recipients do, 4 is only mentioned."""
    for i, line in enumerate(lines):
        if ("@" not in line and "..." not in line) or _SENDERS_LINE.match(line):
            continue
        expanded = _EXPANDED.match(line)
        if expanded:
            yield Named(_clean(expanded[1]), "", i, 0)
            continue
        for address in _RCPT.findall(line):
            yield Named(_clean(address), "", i, 2)
        if _QUOTED_HEADER.match(line):
            yield from (Named(_clean(found[0]), "", i, 4) for found in _ADDRESS.finditer(line))
            continue
        found = _ALONE.match(line)
        if found:
            yield Named(_clean(found[1]), "", i, 0)
            continue
        found = _SENDMAIL.match(line)
        if found and "@" in found["addr"]:
            yield Named(_clean(found["addr"]), _sendmail_reply(lines, i, found), i, 0)
            continue
        found = _WITH_REPLY.match(line)
        if found:
            yield Named(_clean(found[1]), found[2].strip(), i, 0)
            continue
        for phrase in _PHRASE.finditer(line):
            yield Named(_clean(phrase[1]), "", i, 1)
        for other in _IN_BRACKETS.finditer(line):
            yield Named(_clean(other[1] or other[2]), "", i, 3)


def _sendmail_reply(lines: list[str], at: int, found: re.Match[str]) -> str:
    """The reply of a line `554 <addr>... words`: what the server said in the lines above it, else its own words."""
    heard: list[str] = []
    for line in reversed(lines[max(0, at - 30) : at]):
        text = line.strip().lstrip("> ")
        if text.startswith("<<<"):
            heard.insert(0, text[3:].strip())
        elif heard or not text or "talking to" in text.lower() or _SENDMAIL.match(line):
            break
    own = found["reply"].strip()
    own = own if REPLY_CODE.match(own) else f"{found['lead']} {own}"
    if heard:
        return f"{own} <<< {' '.join(heard)}"
    return f"{own} ({output})" if (output := _output(lines, at)) else own


def _output(lines: list[str], at: int) -> str:
    """What a local program said, in the line above: `mail.local: unknown user: anna`."""
    above = lines[at - 1].strip() if at else ""
    talk = above.startswith((">>>", "<<<", "---", "...")) or "talking to" in above or _SENDMAIL.match(above)
    return "" if talk else above


def only_mention(notice: str, exclude: frozenset[str]) -> str:
    """The one address that a notice in an unknown language mentions; empty where there are several or none."""
    found = {_clean(each).lower(): _clean(each) for each in _ADDRESS.findall(notice[: 16 << 10])}
    others = [address for key, address in found.items() if key not in exclude and not is_system(address)]
    return others[0] if len(others) == 1 else ""


def sender_named(notice: str) -> str:
    """The address that a line `Sender address: x@y` gives as the sending side; empty where none does."""
    lines = (line for line in _lines(notice) if "@" in line and _SENDERS_LINE.match(line))
    return next((_clean(found[0]) for line in lines if (found := _ADDRESS.search(line))), "")


def bare_locals(notice: str) -> list[str]:
    """Local parts that stand alone where recipients are announced, as providers write them of their own users."""
    lines = _lines(notice[: 16 << 10])
    found: list[str] = []
    for before, line in itertools.pairwise(lines):
        alone = _BARE_LOCAL.match(line)
        if (
            alone
            and before.rstrip().endswith(":")
            and re.search(r"recipient|address|user", " ".join(lines), re.IGNORECASE)
        ):
            found.append(alone[1])
    return found


def read_notice(notice: str, exclude: frozenset[str], failed: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Recipients and replies of a notice. `exclude` are addresses of the sending side, `failed` those a header names."""
    lines = _lines(notice)
    dialogue = _dialogue(lines)
    if dialogue:
        return dialogue
    wanted = frozenset(address.lower() for address in failed)
    seen = _collect(lines, exclude - wanted, wanted)
    if failed:
        chosen = [seen.get(address.lower()) or Named(address, "", -1, _BY_HEADER) for address in failed]
        return _with_replies(lines, chosen)
    best = min((n.rank for n in seen.values()), default=0)
    chosen = [n for n in seen.values() if n.rank == best]
    if best == 1 and len({n.line for n in chosen}) > 1 and not coded_text(lines):
        chosen = chosen[:1]
    return _with_replies(lines, chosen)


def _collect(lines: list[str], exclude: frozenset[str], wanted: frozenset[str]) -> dict[str, Named]:
    """Each address that is named, as it stands best. One of the sending side only counts if nobody else is named."""
    seen: dict[str, Named] = {}
    for each in _named(lines):
        key = each.address.lower()
        named = each
        if is_system(each.address) and key not in wanted:
            continue
        if key in exclude:
            if each.rank:
                continue
            named = Named(each.address, each.reply, each.line, _OF_SENDER)
        known = seen.get(key)
        if known is None:
            seen[key] = named
        elif named.rank < known.rank:
            seen[key] = Named(known.address, named.reply or known.reply, named.line, named.rank)
        elif named.rank == known.rank and named.reply and not known.reply and not _adjoin(lines, known, named):
            seen[key] = Named(known.address, named.reply, known.line, known.rank)
    return seen


def _adjoin(lines: list[str], first: Named, second: Named) -> bool:
    """Whether nothing empty lies between: then the words of the second are read with the first's."""
    return first.line < second.line and all(lines[first.line + 1 : second.line])


def _dialogue(lines: list[str]) -> list[tuple[str, str]]:
    """Postfix's letter to its postmaster: ` In: ` and ` Out: ` lines; the recipients, and the refusal that came last."""
    if sum(line.startswith((" Out: ", " In: ")) for line in lines) < 4:
        return []
    recipients = [_clean(found[1]) for line in lines for found in _RCPT.finditer(line) if line.startswith(" In:")]
    refusals = [line[6:].strip() for line in lines if re.match(r" Out: [45]\d\d", line)]
    return [(recipient, refusals[-1]) for recipient in recipients] if refusals else []


def _with_replies(lines: list[str], chosen: list[Named]) -> list[tuple[str, str]]:
    ordered = sorted(chosen, key=lambda n: n.line)
    alone = len(ordered) == 1
    made: list[tuple[str, str]] = []
    for i, named in enumerate(ordered):
        stop = next((n.line for n in ordered[i + 1 :] if n.line > named.line), len(lines))
        reply = named.reply
        if named.line >= 0 and (not reply or lines[named.line + 1 : named.line + 2] != [""]):
            reply = f"{reply} {block(lines, named.line, stop, named.address)}".strip()
        if not reply or (alone and not REPLY_CODE.search(reply)) or (named.rank and not has_codes(reply)):
            near = bool(named.reply) or any(lines[named.line + 1 : named.line + 2])
            reply = (
                _from_all(reply, lines, near=near)
                if alone
                else _own_lines(lines, named.address) or reply or _whole(lines)
            )
        made.append((named.address, without_boilerplate(" ".join(reply.split()))[:MAX_REPLY]))
    return made


def _whole(lines: list[str]) -> str:
    return coded_text(lines) or prose(lines)


def _from_all(reply: str, lines: list[str], *, near: bool) -> str:
    """What stands with the only recipient, and what else the notice says: all of it where little stands there.

    `near`: it stands there without an empty line between.
    """
    coded = coded_text(lines)
    if near and not coded and len(re.findall(r"\w{2,}", reply)) >= _TELLING:
        return reply
    whole = coded or prose(lines)
    if not whole or whole in reply:
        return reply
    return f"{reply} {whole}" if reply and reply not in whole else whole


def _own_lines(lines: list[str], address: str) -> str:
    """The lines with codes in which a recipient is named."""
    return " ".join(line.strip() for line in lines if address.lower() in line.lower() and has_codes(line))
