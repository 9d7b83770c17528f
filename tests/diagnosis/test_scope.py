"""Many refusals side by side: what the others say changes the verdict as it would a person's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import postmend

BLOCKED = "550 permanent failure for one or more recipients ({to}:blocked)"
REPUTATION = "554 5.7.1 Mail refused because of the poor reputation of the sender"


def dsn(to: str, text: str = "", *, host: str = "", action: str = "failed", message: str = "1", day: int = 1) -> bytes:
    """A bounce (or, without a text, the notice of a delivery) for one recipient."""
    host = host or f"mx.{to.partition('@')[2]}"
    said = f"Diagnostic-Code: smtp; {text.format(to=to)}\n" if text else ""
    status = "5.0.0" if text else "2.0.0"
    subject = "Undelivered Mail Returned to Sender" if text else "Successful Mail Delivery Report"
    return (
        f"From - Mon Nov  2 10:00:00 2026\nFrom: MAILER-DAEMON@mail.example.com\nTo: info@example.com\nSubject: {subject}\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\n\n"
        f"--B\nContent-Type: text/plain\n\nThis is the mail system.\n\n--B\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mail.example.com\nArrival-Date: Mon, {day:02} Nov 2026 10:00:00 +0000\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\nRemote-MTA: dns; {host}\n{said}\n"
        f"--B\nContent-Type: text/rfc822-headers\n\nFrom: info@example.com\nTo: {to}\nMessage-ID: <{message}@example.com>\n"
        "Subject: hello\n\n--B--\n\n"
    ).encode()


def ok(to: str, **more: Any) -> bytes:
    return dsn(to, action=more.pop("action", "delivered"), **more)


def explained(*mails: bytes) -> list[dict[str, Any]]:
    """The failures of an mbox, explained offline."""
    results = postmend.explain(b"".join(mails), source="many.mbox", offline=True)
    return [failure for result in results for failure in msgspec.to_builtins(result)["failures"]]


def scopes(failure: dict[str, Any]) -> set[str]:
    return {each["id"] for each in failure["evidence"] if each["check"] == "scope"}


def test_one_bounce_has_no_scope() -> None:
    (failure,) = explained(dsn("a@one.example", BLOCKED))
    assert not scopes(failure)
    assert failure["cause"]["id"] == "recipient_filter"


def test_a_personal_block_that_looks_like_a_reputation() -> None:
    alone = explained(dsn("a@one.example", REPUTATION))[0]
    assert alone["cause"]["id"] == "sender_reputation"
    failure = explained(dsn("a@one.example", REPUTATION), ok("b@one.example"), ok("c@one.example"))[0]
    assert scopes(failure) == {"scope.one_recipient"}
    assert failure["cause"]["id"] == "recipient_filter"


def test_the_same_words_from_two_domains_of_one_gateway_and_success_elsewhere() -> None:
    gateway = "mx1.gateway.example"
    mails = (dsn("a@one.example", BLOCKED, host=gateway), dsn("b@two.example", BLOCKED, host="mx2.gateway.example"))
    failure = explained(*mails, ok("c@three.example"))[0]
    assert "scope.one_gateway" in scopes(failure)
    assert failure["cause"]["id"] == "sender_reputation"


def test_two_recipients_of_one_domain_stay_their_administrators_rule() -> None:
    failure = explained(dsn("a@one.example", BLOCKED), dsn("b@one.example", BLOCKED), ok("c@three.example"))[0]
    assert scopes(failure) == {"scope.one_domain"}
    assert (failure["cause"]["id"], failure["cause"]["who"]) == ("recipient_filter", "recipient_admin")


def test_nobody_takes_it() -> None:
    text = "550 5.7.1 Message rejected"
    failure = explained(*(dsn(f"a@{name}.example", text, message=name) for name in ("one", "two", "three")))[0]
    assert scopes(failure) == {"scope.everywhere"}
    assert failure["cause"]["id"] == "sender_reputation"


def test_what_lies_weeks_apart_says_nothing_of_each_other() -> None:
    text = "550 5.7.1 Message rejected"
    days = {"one": 1, "two": 16, "three": 30}
    mails = [dsn(f"a@{name}.example", text, message=name, day=day) for name, day in days.items()]
    assert not any(scopes(failure) for failure in explained(*mails))


def test_what_bears_no_date_is_not_taken_for_a_refusal_by_everybody() -> None:
    undated = [
        dsn(f"a@{name}.example", "550 5.7.1 Message rejected", message=name).replace(b"Arrival-Date:", b"X-Day:")
        for name in ("one", "two", "three")
    ]
    assert not any(scopes(failure) for failure in explained(*undated))


def test_one_message_only() -> None:
    text = "554 5.7.1 Message rejected"
    mails = [dsn(f"a@{name}.example", text, message="odd") for name in ("one", "two")]
    failure = explained(*mails, ok("b@three.example", message="plain"), ok("b@four.example", message="other"))[0]
    assert "scope.one_message" in scopes(failure)
    assert failure["cause"]["id"] == "content_spam"


def test_everything_since_a_day() -> None:
    mails = (ok("a@one.example", day=2), dsn("b@one.example", BLOCKED, day=5), dsn("c@two.example", BLOCKED, day=6))
    failure = explained(*mails)[0]
    assert "scope.since" in scopes(failure)


@pytest.mark.parametrize("text", ["550 5.1.1 User unknown", "552 5.2.2 Mailbox full"])
def test_plain_words_about_a_mailbox_stay_true_for_many(text: str) -> None:
    failures = explained(*(dsn(f"u{i}@one.example", text) for i in range(5)), ok("c@three.example"))
    expected = "user_unknown" if "unknown" in text else "mailbox_full"
    assert {failure["cause"]["id"] for failure in failures} == {expected}


def test_many_unknown_recipients_say_nothing_of_the_sender() -> None:
    unknown = "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table"
    everywhere = explained(*(dsn(f"a@{name}.example", unknown) for name in ("one", "two", "three", "four")))
    behind_one = explained(
        *(dsn(f"a@{name}.example", unknown, host="mx.gate.example.com") for name in ("one", "two", "three")),
        ok("b@else.example"),
    )
    for failure in (*everywhere, *behind_one):
        assert not scopes(failure)
        assert (failure["cause"]["id"], failure["address"]) == ("user_unknown", "suppress")
