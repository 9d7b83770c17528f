"""Deliveries in a log are evidence about its refusals."""

from __future__ import annotations

from postmend.app.explain import explain_bytes
from postmend.app.settings import Settings
from postmend.intake.log import read_log
from postmend.model import Action

_REFUSED = "550 5.7.1 Message rejected by recipient policy"


def _mail(queue_id: str, recipient: str, ends: str, *, at: int, mail_from: str = "info@example.com") -> str:
    front = f"Nov 24 10:{at:02}:00 out postfix"
    relay = f"mx.{recipient.rpartition('@')[2]}[192.0.2.9]:25"
    return (
        f"{front}/qmgr[7]: {queue_id}: from=<{mail_from}>, size=900, nrcpt=1 (queue active)\n"
        f"{front}/smtp[8]: {queue_id}: to=<{recipient}>, relay={relay}, delay=1, delays=0/0/0/1, {ends}\n"
    )


def _took(queue_id: str, recipient: str, **options: object) -> str:
    return _mail(queue_id, recipient, "dsn=2.0.0, status=sent (250 2.0.0 Ok)", **options)  # type: ignore[arg-type]


def _refused(queue_id: str, recipient: str, **options: object) -> str:
    host = f"host mx.{recipient.rpartition('@')[2]}[192.0.2.9] said: "
    said = f"dsn=5.7.1, status=bounced ({host}{_REFUSED} (in reply to RCPT TO command))"
    return _mail(queue_id, recipient, said, **options)  # type: ignore[arg-type]


def _scope(log: str) -> set[str]:
    (explained,) = explain_bytes(log.encode(), "mail.log", Settings(offline=True))
    (failure,) = explained.failures
    return {each.id for each in failure.evidence if each.id.startswith("scope.")}


def test_a_gateway_that_takes_others_later_refuses_this_recipient() -> None:
    log = _refused("A1", "anna@example.net", at=1) + _took("A2", "boris@example.net", at=2)
    assert _scope(log) == {"scope.one_recipient"}


def test_what_it_took_before_says_nothing() -> None:
    log = _took("A1", "boris@example.net", at=1) + _refused("A2", "anna@example.net", at=2)
    assert not _scope(log)


def test_what_it_took_of_others_says_nothing() -> None:
    log = _refused("A1", "anna@example.net", at=1)
    log += _took("A2", "boris@example.net", at=2, mail_from="news@example.org")
    assert not _scope(log)


def test_they_are_bounded_and_no_refusals() -> None:
    log = _refused("A0", "anna@example.net", at=1)
    log += "".join(_took(f"B{n}", f"user{n}@example.net", at=2) for n in range(500))
    (intake,) = read_log(log.encode(), "mail.log")
    actions = [each.action for each in intake.failures]
    assert actions.count(Action.FAILED) == 1
    assert 1 <= actions.count(Action.DELIVERED) <= 5
    (explained,) = explain_bytes(log.encode(), "mail.log", Settings(offline=True))
    assert [each.recipient for each in explained.failures] == ["anna@example.net"]
