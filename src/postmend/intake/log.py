"""Lines of a Postfix or Exim log: the refusals in them, one Failure for each recipient and attempt that ended it."""

import mmap
import re
from collections.abc import Iterator
from dataclasses import replace

from postmend.intake.codes import codes_in
from postmend.intake.scan import to_text
from postmend.knowledge.unwrap import layers, stage_of
from postmend.model import Action, Failure, Host, Intake, Kind, ParseError, SmtpReply

# Postfix: queue-id: to=<x>, relay=host[ip]:25, ..., dsn=5.1.1, status=bounced (host ... said: 550 ...)
_POSTFIX = re.compile(
    r"(?P<prog>postfix(?:-\w+)?/\w+(?:/\w+)?)\[\d+\]: (?P<id>[0-9A-Za-z]+): to=<(?P<to>[^>]*)>,"
    r"(?: orig_to=<(?P<orig>[^>]*)>,)? relay=(?P<relay>[^,]*),.{0,200}?\bdsn=(?P<dsn>[\d.]+), "
    r"status=(?P<status>\w+) \((?P<text>.*)\)\s*$"
)
_POSTFIX_FROM = re.compile(r"postfix(?:-\w+)?/\w+(?:/\w+)?\[\d+\]: (?P<id>[0-9A-Za-z]+): from=<(?P<from>[^>]*)>")
# Postfix's own refusals: NOQUEUE: reject: RCPT from host[ip]: 554 5.7.1 ...; from=<> to=<> proto=ESMTP helo=<>
_NOQUEUE = re.compile(
    r"(?:NOQUEUE|[0-9A-Za-z]{6,20}): (?:milter-)?reject: (?P<stage>\w+) from (?P<host>[^\[\s]*)\[(?P<ip>[^\]]*)\](?::\d+)?: "
    r"(?P<text>[45]\d\d .*?)(?:; from=<(?P<from>[^>]*)>(?: to=<(?P<to>[^>]*)>)?(?: proto=\S+)?(?: helo=<(?P<helo>[^>]*)>)?)?\s*$"
)
# Exim: 2026-01-01 00:00:00 id ** x@example.net [<orig>] [F=<from>] R=... T=...: text
_EXIM = re.compile(
    r"^(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?) (?:\[\d+\] )?(?P<id>[0-9A-Za-z]{6,}-[0-9A-Za-z]{6,}-[0-9A-Za-z]{2,4}) "
    r"(?P<mark>\*\*|==) (?P<to>\S+)(?: \([^)]*\))?(?: <(?P<orig>[^>]*)>)?(?P<fields>(?: [A-Z]\w*=\S+)*)"
    r"(?: (?:defer|H=\S+ \[(?P<ip>[^\]]*)\](?::\d+)?)[^:]*)*:? (?P<text>.*)$"
)
_EXIM_FROM = re.compile(r"^\S+ \S+ (?:\S+ )?(?P<id>\w{6,}-\w{6,}-\w{2,4}) <= (?P<from>\S+)")
_LOG = re.compile(
    rb"postfix(?:-\w+)?/\w+(?:/\w+)?\[\d+\]:|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?:[+-]\d{4} )?(?:\[\d+\] )?\w{6,}-\w{6,}-\w{2,4} (?:<=|=>|->|\*\*|==|Completed)",
    re.MULTILINE,
)
_WHEN = re.compile(r"^(?:<\d+>)?(\w{3} +\d+ \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+)")
_HOST = re.compile(r"^(?:<\d+>)?(?:\w{3} +\d+ \d\d:\d\d:\d\d|\S+) (\S+) ")
_RELAY = re.compile(r"(?P<host>[^\[]*)(?:\[(?P<ip>[^\]]*)\])?")
_STAGES = {"CONNECT", "HELO", "EHLO", "MAIL", "RCPT", "DATA"}
_MOST_FAILURES = 100_000
_MOST_IDS = 200_000


def looks_like_log(head: bytes) -> bool:
    """Whether a line of Postfix's or Exim's log stands in it, and no mail header before."""
    return _LOG.search(head) is not None and not re.match(rb"(?:From |[A-Z][\w-]+: )", head.lstrip())


def _lines(raw: bytes | mmap.mmap) -> Iterator[str]:
    start, size = 0, len(raw)
    while start < size:
        end = raw.find(b"\n", start)
        end = size if end < 0 else end
        yield to_text(bytes(raw[start : min(end, start + 65536)])).rstrip("\r")
        start = end + 1


def read_log(raw: bytes | mmap.mmap, source: str) -> Iterator[Intake]:
    """Yield one Intake with every refusal; raise ParseError where the log holds none.

    A deferred recipient counts once, with its last reply, and not at all when it was delivered after all.
    """
    senders: dict[str, str] = {}
    failures: dict[tuple[str, str], Failure] = {}
    for line in _lines(raw):
        _note_sender(line, senders)
        done, key = _delivered(line)
        if done:
            failures.pop(key, None)
            continue
        found = _failure(line)
        if found is None or len(failures) >= _MOST_FAILURES:
            continue
        queue_id = found.queue_id or f"line {len(failures)}"
        failures[queue_id, found.recipient] = found
    if not failures:
        raise ParseError(f"{source}: a log without any refused or deferred mail in it")
    yield Intake(source, Kind.REPLY, tuple(_with_sender(f, senders) for f in failures.values()), family=_family(raw))


def _family(raw: bytes | mmap.mmap) -> str:
    return "postfix" if b"postfix" in bytes(raw[:65536]) else "exim"


def _with_sender(failure: Failure, senders: dict[str, str]) -> Failure:
    if failure.mail_from or failure.queue_id not in senders:
        return failure
    return replace(failure, mail_from=senders[failure.queue_id])


def _note_sender(line: str, senders: dict[str, str]) -> None:
    if "from=<" not in line and " <= " not in line:
        return
    found = _POSTFIX_FROM.search(line) or _EXIM_FROM.match(line)
    if found and len(senders) < _MOST_IDS:
        senders[found["id"]] = "" if found["from"] == "<>" else found["from"]


def _delivered(line: str) -> tuple[bool, tuple[str, str]]:
    if "status=sent" in line:
        found = _POSTFIX.search(line)
        return bool(found), (found["id"], found["to"]) if found else ("", "")
    return False, ("", "")


def _failure(line: str) -> Failure | None:
    if "status=" in line:
        found = _POSTFIX.search(line)
        return _postfix(line, found) if found else None
    if "reject: " in line:
        found = _NOQUEUE.search(line)
        return _noqueue(line, found) if found else None
    found = _EXIM.match(line)
    return _exim(found) if found else None


def _when(line: str) -> str:
    found = _WHEN.match(line)
    return found[1] if found else ""


def _postfix(line: str, found: re.Match[str]) -> Failure | None:
    if found["status"] not in {"bounced", "deferred", "undeliverable", "expired"}:
        return None
    code, enhanced = codes_in(found["text"], found["dsn"])
    relay = _RELAY.match(found["relay"])
    inner = layers(found["text"])[-1]
    named = relay and relay["host"] not in {"none", "local", "virtual", "dovecot"}
    host = _HOST.match(line)
    return Failure(
        recipient=found["to"],
        original_recipient=found["orig"] or "",
        action=Action.DELAYED if found["status"] == "deferred" else Action.FAILED,
        stage=inner.stage,
        reply=SmtpReply(code, enhanced, found["text"]),
        remote=Host(relay["host"], relay["ip"] or "") if relay and named else Host(inner.host, inner.ip),
        local=Host(host[1] if host else ""),
        queue_id=found["id"],
        when=_when(line),
    )


def _noqueue(line: str, found: re.Match[str]) -> Failure:
    code, enhanced = codes_in(found["text"], "")
    host = _HOST.match(line)
    stage = stage_of(f"in reply to {found['stage']}") if found["stage"] in _STAGES else None
    return Failure(
        recipient=found["to"] or "",
        mail_from=found["from"] or "",
        action=Action.FAILED if str(code or "").startswith("5") else Action.DELAYED,
        stage=stage,
        reply=SmtpReply(code, enhanced, found["text"]),
        remote=Host(host[1] if host else ""),
        local=Host("" if found["host"] == "unknown" else found["host"], found["ip"], found["helo"] or ""),
        when=_when(line),
    )


def _exim(found: re.Match[str]) -> Failure:
    text = found["text"]
    code, enhanced = codes_in(text, "")
    inner = layers(text)[-1]
    fields: dict[str, str] = dict(re.findall(r" ([A-Z]\w*)=(\S+)", found["fields"] or ""))
    mail_from = (fields.get("F") or fields.get("P") or "").strip("<>:")
    return Failure(
        recipient=found["to"].rstrip(":"),
        original_recipient=found["orig"] or "",
        mail_from=mail_from if "@" in mail_from else "",
        action=Action.FAILED if found["mark"] == "**" else Action.DELAYED,
        stage=inner.stage,
        reply=SmtpReply(code, enhanced, text),
        remote=Host(inner.host or fields.get("H", ""), inner.ip or found["ip"] or ""),
        queue_id=found["id"],
        when=found["when"],
    )
