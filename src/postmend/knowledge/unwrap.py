"""Replies nest: what a host said is quoted by the next one. This finds the reply that counts.

`layers` goes from the outermost text to the innermost reply. Where a quoted reply speaks of somebody else (an
Exim callout's "User unknown" is about the MAIL FROM), the quotation is cut out instead of followed.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from postmend.model import EnhancedStatus, ParseError, Stage

_HOST = r"(?P<host>[\w.-]{1,253})?\s*[\[(](?:IPv6:)?(?P<ip>[0-9a-fA-F.:]{3,45})[\])](?::\d+)?"
_REPLY = r"(?P<inner>[245]\d\d[\s-].*)"
_STAGES = {
    "connect": Stage.CONNECT, "initial": Stage.CONNECT, "banner": Stage.CONNECT, "greeting": Stage.CONNECT,
    "helo": Stage.HELO, "ehlo": Stage.HELO, "lhlo": Stage.HELO, "starttls": Stage.STARTTLS, "auth": Stage.AUTH,
    "mail": Stage.MAIL, "rcpt": Stage.RCPT, "data": Stage.DATA, "end": Stage.DATA, "pipelined": None,
    "sending": Stage.DATA, "quit": Stage.QUIT, "my name": Stage.HELO, "sender": Stage.MAIL, "recipient": Stage.RCPT,
    "i sent": Stage.DATA, "talk": Stage.CONNECT, "invalid login": Stage.AUTH,
}  # fmt: skip
_STAGE = re.compile(
    r"in reply to (?:the )?(?:end of )?(?P<a>\w+)|\bafter (?:(?:sending|pipelined|end of) )?(?P<b>[A-Z]{4,8}|initial|end)\b"
    r"|(?:>>>|Command:)\s*(?P<c>HELO|EHLO|MAIL|RCPT|DATA|STARTTLS|AUTH)\b"
    r"|(?P<e>my name|sender) was rejected|does not like (?P<f>recipient)|failed after (?P<g>i sent) the message|but (?P<h>greeting) failed|refused to (?P<i>talk)"
    r"|\b(?:(?P<j>mail|data) command failed|(?P<k>invalid login)):"
    r"|\bwhile (?:sending|talking).{0,40}?\b(?P<d>HELO|EHLO|MAIL|RCPT|DATA)\b",
    re.IGNORECASE,
)
_STAGE_WORDS = (
    "in reply to",
    "after",
    ">>>",
    "command:",
    "while ",
    "was rejected",
    "does not like",
    "greeting failed",
    "refused to talk",
    "command failed:",
    "invalid login:",
)
# Each pattern finds one way of quoting. Bounded repeats only: a reply may be hostile.
# The words before each are looked for first, in lower case: one of them must be there.
_QUOTES = tuple(
    (tuple(words.split("|")), re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for words, pattern in (
        # Postfix: host mx.example.net[192.0.2.1] said: 550 5.1.1 ... (in reply to RCPT TO command)
        ("said:|talk to me", rf"(?:host|server|connect to) {_HOST}(?: said|[^\n]{{0,20}} refused to talk to me): {_REPLY}"),
        # Exim, two forms: SMTP error from remote mail server after RCPT TO:<x>: host mx.example.net [192.0.2.1]: 550 ...
        # and: host mx.example.net [192.0.2.1] SMTP error from remote mail server after RCPT TO:<x>: 550 ...
        ("remote mail", rf"host {_HOST}\s+SMTP error from remote mail(?:er| server) after [^:]{{2,60}}(?::<[^>]{{0,256}}>[^:]{{0,60}})?:\s*{_REPLY}"),
        ("remote mail", rf"remote mail(?:er| server) after .{{2,400}}?host {_HOST}:\s*{_REPLY}"),
        ("remote mail", rf"remote mail(?:er| server) after [^:]{{2,60}}(?::<[^>]{{0,256}}>[^:]{{0,60}})?:\s*{_REPLY}"),
        # qmail: 192.0.2.1 does not like recipient. Remote host said: 550 ... Giving up on 192.0.2.1.
        ("remote host said", r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{3,45}) (?:does not|failed|but)\b.{0,120}?Remote host said:\s*(?P<inner>[245]\d\d[\s-].*?)(?:\s*Giving up on \S{3,60}|$)"),
        # Exchange: Remote server returned '550 5.1.1 ...'; mx.example.net #550 5.1.1 ... ##; the LED= field
        ("returned", r"(?:server|host)\b.{0,120}?returned\b[^'\"\d]{0,20}['\"]?(?P<inner>[245]\d\d\s.*?)(?:['\"]\s+\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4} .*)?$"),
        ("led=", r"\{LED=(?P<inner>[45]\d\d[^}]*)\}"),
        # Gmail: The error that the other server returned was: 550 ...
        ("was|is:|is |said|respon|error|answered", rf"(?:server|host|recipient domain)\b[^\n]{{0,120}}?(?:returned was|server was|is|was|said|responded|response|error|answered)[^\n\d]{{0,30}}?:\s*{_REPLY}"),
        # A log line cut short: said: 550 5.2.1 ...
        ("said:", rf"^\s*said:\s*{_REPLY}"),
        # sendmail: (reason: 550 ...), <<< 550 ...; qmail: Remote host said: 550 ...
        # 1&1: SMTP error from remote server for TEXT command, host: mx.example.net (192.0.2.1) reason: 554 ...
        ("<<<", r"<<<\s*(?P<inner>[45]\d\d[\s-].*)"),
        ("reason:", rf"(?:host: ?{_HOST},? )?reason:\s*{_REPLY}"),
        # Oracle Messaging Server and its forebears: Diagnostic code: smtp;550 5.1.1 ...
        ("diagnostic", rf"diagnostic[- ]code:\s*(?:[\w-]{{1,20}}\s*;)?\s*{_REPLY}"),
        # JavaMail, Nodemailer, .NET: ...SMTPSendFailedException: 550 ..., Message failed: 550 ..., The server response was: 5.7.1 ...
        ("exception:|failed:|rejected:|login:", rf"(?:exception|(?:message|command) failed|were rejected|invalid login):\s*{_REPLY}"),
        # Swift Mailer, Symfony: Expected response code 250 but got code "550", with message "550 5.1.1 ..."
        ("with message", rf"got code \"?\d{{3}}\"?, with message \"?{_REPLY}"),
        ("response was:", r"server response was:\s*(?P<inner>[245]\.\d{1,3}\.\d{1,3}\s.*)"),
        # Amazon SES: unable to deliver in 840 minutes.<421 4.4.1 Unable to connect>
        ("<4|<5", r"<(?P<inner>[45]\d\d [^<>]*(?:<[^<>]*>[^<>]*)*)>\s*$"),
        # Barracuda: 550 permanent failure for one or more recipients (x@example.net:550 5.1.1 User unknown)
        ("for one or more recipients", r"recipients \([^\s():]{1,320}@[^\s():]{1,255}:(?P<inner>[45]\d\d[^\n]*?)\)"),
        # IronPort: 5.1.0 - Unknown address error 550-'5.7.0 access denied' (delivery attempts: 0)
        (" error ", r"^[45]\.\d\.\d - [^\d\n]{3,80} (?P<inner>[45]\d\d-'[^\n]*)"),
        (";", r"^\s*(?:smtp|x-unix|x-postfix|x400|dns)\s*;\s*(?P<inner>[245]\d\d[\s-].*)"),
    )
)  # fmt: skip
# A callout: the receiving host asked the MAIL FROM's host, and quotes what that one said.
_CALLOUT = re.compile(
    r"(?:(?:sender|postmaster) (?:verify|verification|callback|callout)|callback|callout|verification failed for|sender address verif\w+)",
    re.IGNORECASE,
)
_CALLOUT_WORDS = ("sender", "postmaster", "callback", "callout", "verification failed")
_CALLOUT_QUOTE = re.compile(
    r"(?:\b(?:the )?(?:initial connection|mail server for the domain|response|called|sent|reason given was|said|server said)\b\s*[:=]).*?(?=sender verify failed|$)",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(r"\s*[\[(]?#?([245]\d\d)(?:[\s-]+#?(?:\()?([245]\.\d{1,3}\.\d{1,3}))?(?!\w)")
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_DIALOGUE = re.compile(r"\s(>>>|<<<|-{5,})\s")
_PAIR = re.compile(r"\(([245]\d\d), ?b?['\"]")
MAX_DEPTH = 6
MAX_CHARS = 8000


# The server that was to take the mail, as the sending program itself names it: that address is not the client's.
_ADDRESS = r"(?P<host>(?!\d+\.\d)[\w.-]{1,253})?[ \[(]*(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|(?<=[\[(:])[0-9a-f]*:[0-9a-f:.]+)"
_PEERS = tuple(
    (tuple(words.split("|")), re.compile(pattern, re.IGNORECASE))
    for words, pattern in (
        # connect to mx.example.net[192.0.2.1]:25: Connection timed out; lost connection with ...; conversation with ...
        ("connect|convers|communic|talking|handshake|deliver|offered|host", r"(?:connect(?:ed|ing)? to|connection (?:to|with)|conversation with|communicating with|talking to|handshake (?:with|failure)|delivery to|offered by|^host|\bto(?= host))(?: (?:the|primary|remote|target|destination|host|server|ip|address))*:? " + _ADDRESS),
        ("server|host|mta", r"(?:remote|receiving|destination|target) (?:host|server|mta):? " + _ADDRESS),
        # Exchange: [LastAttemptedServerName=mx.example.net] [LastAttemptedIP=192.0.2.1:25], {FQDN=...};{IP=...}
        ("attemptedip", r"(?:LastAttemptedServerName=(?P<host>[\w.-]{1,253})\] \[)?LastAttemptedIP=(?P<ip>[0-9a-f.]{7,15}|[0-9a-f:]{3,45})"),
        ("{ip=", r"(?:\{FQDN=(?P<host>[\w.-]{1,253})\};)?\{IP=(?P<ip>[0-9a-f.:]{3,45})\}"),
        ("endpoint", r"endpoint attempted was (?P<host>)\[?(?P<ip>[0-9.]{7,15})"),
        # qmail: 192.0.2.1 does not like recipient; and whatever stands with the port of a mail server
        (":25|does not like", r"(?P<host>(?!\d+\.\d)[\w.-]{1,253})?[\[ ]?(?<![\w.])(?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?=\]?:25\b| does not like)"),
    )
)  # fmt: skip
# What programs write around a quotation: it says that there was an error, and not which.
_INTRODUCTION = re.compile(
    r"(?:temporary |permanent )?(?:SMTP|remote protocol|LMTP) error(?: from remote mail(?:er| server))?(?: after (?:end of data|initial connection|[A-Z]{4,8}(?: (?:FROM|TO):<[^>]{0,256}>)?))?"
    r"|in reply to [A-Z ]{4,30} command|there was an error delivering your mail to \S{1,320}|an error occurred while trying to deliver the mail to the following recipients|delivery temporarily suspended|refused to talk to me|giving up on \S{1,255}",
    re.IGNORECASE,
)
_INTRODUCTION_WORDS = ("error", "in reply to", "suspended", "refused to talk", "giving up on")


@dataclass(frozen=True, slots=True)
class Layer:
    """One reply: its text, and what the text around it said of host, address and stage.

    `own` is the text without the reply that is quoted in it, and without the words that introduce it.
    """

    text: str
    host: str = ""
    ip: str = ""
    stage: Stage | None = None
    own: str = ""


def stage_of(text: str) -> Stage | None:
    """The SMTP command that a notice says was answered: `(in reply to RCPT TO command)`, `after DATA`."""
    low = text.lower()
    found = _STAGE.search(text) if any(word in low for word in _STAGE_WORDS) else None
    if found is None:
        return None
    word = next(group for group in found.groups() if group).lower()
    if re.search(r"end of data", found[0], re.IGNORECASE):
        return Stage.DATA
    return _STAGES.get(word)


def codes_of(text: str) -> tuple[int | None, str]:
    """Reply code at the head of a reply, and its enhanced status (at the head, or qmail's `(#5.1.1)`)."""
    found = _CODE.match(text)
    if found is None:
        loose = re.search(r"\(#([245]\.\d{1,3}\.\d{1,3})\)", text) or _ENHANCED.match(text.lstrip())
        return None, loose[1] if loose else ""
    code, enhanced = int(found[1]), found[2] or ""
    if not enhanced:
        loose = re.search(r"#([245]\.\d{1,3}\.\d{1,3})\b", text) or _ENHANCED.search(
            text[found.end() : found.end() + 80]
        )
        enhanced = loose[1] if loose and loose[1][0] == found[1][0] else ""
    return code, enhanced


def status_of(text: str) -> EnhancedStatus | None:
    """The enhanced status that a text is, or None."""
    try:
        return EnhancedStatus.parse(text) if text else None
    except ParseError:
        return None


def _spaced(text: str) -> str:
    """The text as the server wrote it, where a program stores it in a form of its own.

    qmail-send logs `_` for each space: `failure: Remote_host_said:_550_no_mailbox_here`. Python's smtplib shows a pair:
    `SMTPDataError: (554, b'5.7.1 refused')`.
    """
    if "emote_host_said:" in text:
        return text.replace("/", " ").replace("_", " ")
    return _PAIR.sub(r"reason: \1 ", text).replace("\\n", " ") if "SMTP" in text else text


def _without_callout(text: str) -> str:
    low = text.lower()
    if not any(word in low for word in _CALLOUT_WORDS) or _CALLOUT.search(text) is None:
        return text
    return _CALLOUT_QUOTE.sub(" ", text)


def _cut(inner: str) -> str:
    """A reply ends where the dialogue goes on; `550-` goes on in the next `<<<` itself."""
    while (end := _DIALOGUE.search(inner)) is not None:
        more = inner[end.end() :].lstrip()
        if end[1] != "<<<" or inner[3:4] != "-" or more[:3] != inner[:3]:
            return inner[: end.start()]
        inner = f"{inner[: end.start()]} {more}"
    return inner


def _inside(text: str) -> tuple[str, str, str] | None:
    """The reply quoted in `text` that begins first, with host and IP where they stand before it."""
    best: re.Match[str] | None = None
    low = text.lower()
    for words, pattern in _QUOTES:
        if not any(word in low for word in words):
            continue
        found = pattern.search(text)
        if found and found["inner"].strip() and (best is None or found.start("inner") < best.start("inner")):
            best = found
    if best is None or best.start("inner") == 0:
        return None
    groups = best.groupdict()
    return _cut(best["inner"]).strip(" \t'\"#"), groups.get("host") or "", groups.get("ip") or ""


def peer_of(text: str) -> tuple[str, str]:
    """Host and address of the server that `text` says mail was for; both empty where it names none."""
    text = text[:MAX_CHARS]
    low = text.lower()
    for words, pattern in _PEERS:
        if any(word in low for word in words) and (found := pattern.search(text)):
            return found["host"] or "", found["ip"]
    return "", ""


@lru_cache(maxsize=64)
def layers(text: str) -> tuple[Layer, ...]:
    """Return the text and the replies nested in it, outermost first; at least one, at most MAX_DEPTH.

    The last few are remembered: intake asks for codes, stage and host of the reply that is then read.
    """
    inner = _without_callout(_spaced(text[:MAX_CHARS]))
    host, ip = peer_of(inner)
    stage = stage_of(inner)
    made: list[Layer] = []
    while True:
        whole, inside = inner, _inside(inner) if len(made) < MAX_DEPTH - 1 else None
        own = whole if inside is None else whole.replace(inside[0], " ", 1)
        low = own.lower()
        if any(word in low for word in _INTRODUCTION_WORDS):
            own = _INTRODUCTION.sub(" ", own)
        made.append(Layer(whole, host, ip, stage, own))
        if inside is None:
            return tuple(made)
        inner, host, ip = inside[0], inside[1] or host, inside[2] or ip
        stage = stage_of(inner) or stage
