"""What the refusal's own circumstances say, as findings nobody was asked for: when it was spoken, and by whom.

A server that refuses before the message was sent cannot have looked at it: no signature, no DMARC, no words. One that
refuses after it may have. And a server that answered is there: the recipient's MX is not what is wrong.
"""

from collections.abc import Iterator, Sequence

from postmend.knowledge.masks import masked
from postmend.knowledge.rules import STRENGTH
from postmend.knowledge.unwrap import layers, peer_of
from postmend.model import Cause, Fact, Failure, Finding, Match, Reading, Stage

_BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.HELO, Stage.STARTTLS})
_BEFORE = _BEFORE_MAIL | {Stage.AUTH, Stage.MAIL, Stage.RCPT}


# What a server looks at before the message: where all of it is in order, it did not refuse for that.
_IN_ORDER = frozenset({"rdns.ok", "spf.pass"})
_NOBODY_VOUCHES = frozenset({"spf.none", "dkim.unsigned"})
# Spamhaus' answers to whom it does not serve (127.255.255.252 to .255): no listing of anybody.
_REFUSED_ANSWER = "127.255.255."
# What else a server finds in a message: where its words name one of these, they are not about spam.
_IN_THE_MESSAGE = frozenset(
    {
        Cause.CONTENT_POLICY, Cause.VIRUS, Cause.MESSAGE_TOO_BIG, Cause.BLOCKLISTED_DOMAIN_OR_URL, Cause.MAIL_LOOP,
        Cause.DKIM_FAIL, Cause.DMARC_FAIL, Cause.UNAUTHENTICATED_SENDER,
    }
)  # fmt: skip
# A signature that can verify nowhere is a fault that is seen only once the message was sent: not its words, then.
_UNVERIFIABLE = frozenset({"missing", "revoked", "broken", "mismatch", "weak"})


def circumstances(failure: Failure, reading: Reading, findings: Sequence[Finding] = ()) -> tuple[Finding, ...]:
    """Findings `reply.*` that only the judge weighs; they are not shown as evidence."""
    stage = reading.stage or failure.stage
    found = []
    if stage in _BEFORE:
        detail = f"it was refused at {stage}, before the message itself was sent"
        found.append(Finding("reply", "reply.before_data", str(stage), Fact.NONE, detail))
        if stage in _BEFORE_MAIL:
            detail = f"it was refused at {stage}, before any sender was named"
            found.append(Finding("reply", "reply.before_mail", str(stage), Fact.NONE, detail))
    elif stage is Stage.DATA:
        found += _after_data(failure, reading, findings)
    if _REFUSED_ANSWER in reading.inner:
        detail = "the list that the reply quotes refused to answer the recipient's own resolver"
        found.append(Finding("reply", "reply.refused_answer", _REFUSED_ANSWER, Fact.NONE, detail))
    if heard(failure, reading):
        host = failure.remote.host or reading.remote_host or failure.remote.ip or reading.remote_ip
        found.append(Finding("reply", "reply.heard", host, Fact.NONE, f"{host} answered"))
    return tuple(found)


def _put_off(failure: Failure, reading: Reading) -> bool:
    code = failure.reply.code or reading.code
    return code is not None and code // 100 == 4


def _after_data(failure: Failure, reading: Reading, findings: Sequence[Finding]) -> Iterator[Finding]:
    """What a refusal after the message was sent says, together with what was found."""
    detail = "it was refused after the message itself was sent"
    yield Finding("reply", "reply.after_data", "data", Fact.NONE, detail)
    found = {each.id for each in findings}
    in_order = found >= _IN_ORDER and not any(map(_unverifiable, findings))
    named = any(match.cause in _IN_THE_MESSAGE or _of_a_filter(match) for match in reading.matches)
    # What is put off (4yz) was not judged by its words: a filter that takes it for spam refuses it for good.
    if in_order and not named and not _put_off(failure, reading):
        yield Finding("reply", "reply.message_itself", "data", Fact.NONE, detail)
    if found >= _NOBODY_VOUCHES:
        yield Finding("reply", "reply.nobody_vouches", "data", Fact.NONE, "neither SPF nor DKIM covers what was sent")


def _of_a_filter(match: Match) -> bool:
    """Whether words say that the recipient's own filter decided: it has more to go by than the message."""
    return match.cause is Cause.RECIPIENT_FILTER and match.weight >= STRENGTH["fair"]


def _unverifiable(finding: Finding) -> bool:
    """Whether a finding says that the key of a signature is missing, withdrawn or of no use."""
    family, _, what = finding.id.partition(".")
    return family in {"dkim", "dkim_key"} and what.removeprefix("key_") in _UNVERIFIABLE


def heard(failure: Failure, reading: Reading) -> bool:
    """Whether another server spoke this reply: a code, and a host that it came from."""
    text = failure.reply.text
    if any(peer_of(text)) and len(told := layers(masked(text).text)) == 1 and (told[0].host or told[0].ip):
        return False  # the sending program's own words about a server: `connect to mx.example.net[192.0.2.1]:25: ...`
    code = failure.reply.code or reading.code
    named = failure.remote.host or failure.remote.ip or reading.remote_host or reading.remote_ip
    return code is not None and bool(named) and (reading.stage or failure.stage) is not None
