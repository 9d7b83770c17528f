"""The text of a notice that has no machine-readable part: who was refused, and with what words.

One reader for all programs. It finds where the returned message begins, the lines that name a recipient, and
the reply that stands with each. Programs differ in a few words only, and those are the tables below.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

ADDRESS = r"[^\s<>\"'(),;:\[\]=@]{1,64}(?:=[^\s<>\"'(),;:\[\]=@]{1,64})*@(?:[\w-]{1,63}\.)*[\w-]{1,63}|\"[^\"\n]{1,62}\"@[\w.-]{1,253}"
_ADDRESS = re.compile(ADDRESS)
# Lines after which the message that was refused stands.
_ORIGINAL = re.compile(
    r"^[ \t>*-]*(?:-{2,}|={2,}|_{2,})?[ \t]*(?:"
    r"below this line is a copy|(?:here|this) is a copy of (?:the|your)|(?:below|following) is (?:a|the) copy of|"
    r"the headers? of the original|(?:original|unsent|returned|undelivered|returning) (?:message|mail|e-mail)s?\b(?! headers?:? *\S+@)(?: (?:follows?|as follows|text|headers?|below|is (?:attached|included))|[ \t]*[-:.=_]*[ \t]*$)|"
    r"(?:message|mail) headers? follows?|included is a copy|bounced e-?mail|copy of (?:the )?(?:original )?message|"
    r"(?:begin|start) of (?:the )?(?:original|returned)|the attachment contains the original|your (?:original )?message (?:follows|was[ \t]*:?[ \t]*$|is included|reads)|"
    r"message (?:contents|header|text) follows?|(?:first|only) \d+ (?:lines|bytes) of|content-type: message/|the (?:original|following) message (?:was|is) (?:attached|below|included)|"
    r"original message headers|元のメール|送信されたメール"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_RUN = re.compile(
    r"^(?:Return-Path|Received|Delivered-To|X-[\w-]+|DKIM-Signature|Message-I[dD]|MIME-Version|Authentication-Results): ?.*\n(?:[ \t].*\n|[\w-]+:.*\n){2,}",
    re.MULTILINE,
)
_REPLY_CODE = re.compile(r"(?<![\w.:/-])[45]\d\d[ -](?:#?[45]\.\d{1,3}\.\d{1,3}\b|[^\W\d_]|<|\(|\[|\")")
_CODED = re.compile(
    r"(?<![\w.:/-])[45]\d\d(?:[ -]|$)|#[45]\.\d{1,3}\.\d{1,3}|(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?![\w.])|\bsaid:|ERROR_CODE|<<<|>>>|SMTP error|Deferred:"
)
# `<addr>: reply`, `addr... reply`, and an address alone on its line, however it is marked.
_MARK = r"[ \t>*•·-]{0,12}(?:mailto:|Recipient:[ \t]*)?(?:\"[^\"\n]{0,80}\"[ \t]+)?[<\"'\[]{0,2}"
_ALONE = re.compile(
    rf"^{_MARK}({ADDRESS})[>\"'\]]{{0,2}}(?:<mailto:[^>]*>|\(.{{0,80}}\)|\[.{{0,80}}\])?[ \t]*[:.,;]?[ \t]*(?:\(after .*\)|\(expanded from.*|\(reading .*|\(ultimately generated.*|\(generated from.*)?$"
)
_WITH_REPLY = re.compile(
    rf"^{_MARK}({ADDRESS})[>\"'\]]{{0,2}}[ \t]*(?:<mailto:[^>]*>)?(?:\(.{{0,120}}?\))?[ \t]*(?::[ \t]*|\.\.\.[ \t]*|[ \t]-+[ \t]|[ \t]+(?=(?:on (?:\w{{3}},|\d)|\[|invalid|unknown|not |no |is |was |does|could|user|mailbox|undeliver|reject|fail)))(.+)$",
    re.IGNORECASE,
)
_SENDMAIL = re.compile(
    rf"^[ \t>]*(?P<lead>[45]\d\d(?:[ -][45]\.\d{{1,3}}\.\d{{1,3}})?)[ -]<?(?P<addr>{ADDRESS}|[\w.+-]+)>?\.\.\. (?P<reply>.+)$"
)
_PHRASE = re.compile(
    rf"(?:\b(?:to|for|recipients?(?:\(s\))?|address(?:es)?|user|mailbox|account|destinataires?|empf\w+|destinatario|errors?|rcpt|size|name|deliver\w*|宛先|あて先|送信先|受信者)\b[^\n@]{{0,40}}?[:：<\"'「( ]|[:：「])[ \t]*[<\"'(]{{0,2}}({ADDRESS})",
    re.IGNORECASE,
)
# Lines that quote the header of what was sent: the address in them is the one refused only if nothing else is.
_QUOTED_HEADER = re.compile(
    r"^[ \t>*•-]*(?:to|from|cc|bcc|date|sent|subject|received on|message-id|return-path|reply-to|mail from|delivered-to|x-[\w-]+)[ \t]*:",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(rf"<({ADDRESS})>|generated from ({ADDRESS})")
# In a transcript: the next server is talked to, or the next recipient's line comes.
_GOES_ON = re.compile(
    rf"^[ \t>.]*(?:while talking to|[45]\d\d[ -](?:[45]\.\d{{1,3}}\.\d{{1,3}} )?<?{ADDRESS}>?\.\.\. )", re.IGNORECASE
)
_EXPANDED = re.compile(rf"^[ \t]*\(expanded from: <?({ADDRESS})>?\)")
_BARE_LOCAL = re.compile(r"^[ \t]+([A-Za-z0-9][\w.+-]{0,63})[ \t]*$")
_RCPT = re.compile(rf"RCPT TO:[ ]?<?({ADDRESS})>?", re.IGNORECASE)
_SYSTEM = re.compile(
    r"^(?:mailer-?daemon|postmaster|post_master|mail-daemon|abuse|no-?reply|bounces?|mdaemon|support|helpdesk|hostmaster|webmaster|auto-?reply|administrator|sysadmin)@",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"(?:this (?:message|is|e-?mail) (?:was|is) (?:an? )?(?:created )?automatic|this is the (?:mail|qmail|postfix|dragonfly)|hi\. this is|i'm (?:sorry|afraid)|for further assistance|"
    r"if you do so|delete your own text|a message that you (?:have )?sent|recipients?\. ?this is a permanent|the following address|permanent error; i've given up|please (?:do not reply|include this)|"
    r"the mail system|giving up on|i'm not going to|sorry it didn't work|your message[: ]*$|sent:|subject:|date:|to: |from: |message-id|this is a permanent error)",
    re.IGNORECASE,
)
MAX_REPLY = 4000


@dataclass(frozen=True, slots=True)
class Named:
    """A recipient as the notice names it, with the reply that stands there (may be empty)."""

    address: str
    reply: str
    line: int
    rank: int


def split_original(text: str) -> tuple[str, str]:
    """The notice, and the returned message where it stands in the same text."""
    cut = len(text)
    for pattern in (_ORIGINAL, _HEADER_RUN):
        for found in pattern.finditer(text):
            if text[: found.start()].strip():
                cut = min(cut, found.start())
                break
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
        if "@" not in line and "..." not in line:
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
    own = own if _REPLY_CODE.match(own) else f"{found['lead']} {own}"
    return f"{own} <<< {' '.join(heard)}" if heard else own


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


def _block(lines: list[str], start: int, stop: int) -> str:
    """The words that stand with a recipient: to the next blank line after something was said."""
    said: list[str] = []
    for line in lines[start + 1 : stop]:
        if _GOES_ON.match(line):
            break
        if not line.strip():
            if said and (_CODED.search(" ".join(said)) or len(" ".join(said)) > 30):
                break
            continue
        if re.fullmatch(r"[\s=*_-]+", line):
            continue
        said.append(line.strip().lstrip("> "))
    return " ".join(said)


def coded_text(lines: list[str]) -> str:
    """Lines that carry codes or a transcript, with what they run on to."""
    kept: list[str] = []
    running = False
    for line in lines:
        if not line.strip():
            running = False
            continue
        if _CODED.search(line):
            running = True
        if running:
            kept.append(line.strip())
    return " ".join(kept)


def prose(lines: list[str]) -> str:
    """The notice without the sentences that every notice has."""
    kept = [line.strip(" -=*>\t") for line in lines if line.strip() and not _BOILERPLATE.search(line)]
    return " ".join(line for line in kept if line)


def read_notice(notice: str, exclude: frozenset[str], failed: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Recipients and replies of a notice. `exclude` are addresses of the sending side, `failed` those a header names."""
    lines = _lines(notice[: 128 << 10])
    dialogue = _dialogue(lines)
    if dialogue:
        return dialogue
    seen: dict[str, Named] = {}
    wanted = {address.lower() for address in failed}
    for named in _named(lines):
        key = named.address.lower()
        if is_system(named.address) and key not in wanted:
            continue
        if key in exclude and key not in wanted:
            # Somebody wrote to themselves: only as good as nobody else is named.
            named = Named(named.address, named.reply, named.line, named.rank + 5)  # noqa: PLW2901
            if named.rank > 5:
                continue
        known = seen.get(key)
        if known is None or named.rank < known.rank or (named.rank == known.rank and not known.reply and named.reply):
            seen[key] = (
                named
                if known is None
                else Named(
                    known.address,
                    named.reply or known.reply,
                    min(known.line, named.line) if known.rank == named.rank else named.line,
                    min(named.rank, known.rank),
                )
            )
    best = min((n.rank for n in seen.values()), default=0)
    chosen = [n for n in seen.values() if n.rank == best]
    if failed:
        chosen = [n for n in seen.values() if n.address.lower() in wanted] or []
        have = {n.address.lower() for n in chosen}
        chosen += [Named(f, "", -1, 9) for f in failed if f.lower() not in have]
    if best == 1 and not failed:
        chosen = chosen[:1] if len({n.line for n in chosen}) > 1 and not coded_text(lines) else chosen
    return _with_replies(lines, chosen)


def _dialogue(lines: list[str]) -> list[tuple[str, str]]:
    """Postfix's letter to its postmaster: ` In: ` and ` Out: ` lines; the recipients, and the refusal that came last."""
    if sum(line.startswith((" Out: ", " In: ")) for line in lines) < 4:
        return []
    recipients = [_clean(found[1]) for line in lines for found in _RCPT.finditer(line) if line.startswith(" In:")]
    refusals = [line[6:].strip() for line in lines if re.match(r" Out: [45]\d\d", line)]
    return [(recipient, refusals[-1]) for recipient in recipients] if refusals else []


def _with_replies(lines: list[str], chosen: list[Named]) -> list[tuple[str, str]]:
    ordered = sorted(chosen, key=lambda n: n.line)
    whole = ""
    made: list[tuple[str, str]] = []
    for i, named in enumerate(ordered):
        stop = next((n.line for n in ordered[i + 1 :] if n.line > named.line), len(lines))
        reply = named.reply
        if named.line >= 0:
            more = _block(lines, named.line, stop)
            reply = f"{reply} {more}".strip() if not reply or lines[named.line + 1 : named.line + 2] != [""] else reply
        if (
            not reply
            or (not _REPLY_CODE.search(reply) and len(ordered) == 1)
            or (named.rank and not _CODED.search(reply))
        ):
            whole = whole or coded_text(lines) or prose(lines)
            if len(ordered) > 1:
                mine = [line.strip() for line in lines if named.address.lower() in line.lower() and _CODED.search(line)]
                reply = " ".join(mine) or reply or whole
            elif whole and whole not in reply:
                reply = f"{reply} {whole}".strip() if reply and reply not in whole else whole
        made.append((named.address, " ".join(reply.split())[:MAX_REPLY]))
    return made


def has_codes(notice: str) -> bool:
    """Whether any line of it carries a reply code, an enhanced status or a piece of a dialogue."""
    return _CODED.search(notice) is not None
