"""Every finding of a report: a log in which it must appear, at its time, and (elsewhere) logs in which nothing must."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import postmend
from postmend.traffic.report import Alarm
from tests.traffic.generator import START, Mail, Postfix

LISTED = "listed"


def mail(
    at: datetime, login: str = "anna@example.com", to: str = "r@example.net", fate: str = "ok", script: str = ""
) -> Mail:
    return Mail(at, login, login if "@" in login else "www@web.example.org", [(to, fate)], script=script)


def found(tmp_path: Path, writer: Postfix) -> dict[str, Alarm]:
    path = tmp_path / "mail.log"
    path.write_bytes(writer.text())
    report = postmend.report(path)
    assert report.inputs.not_understood == 0, report.inputs.strange
    return {finding.id: finding for finding in report.findings}


def raw(writer: Postfix, at: datetime, program: str, text: str) -> None:
    writer._log(at, program, text)


def steady(writer: Postfix, days: int = 4) -> None:
    """An ordinary office: twenty recipients an hour, all day."""
    for hour in range(24 * days):
        for i in range(20):
            at = START + timedelta(hours=hour, minutes=3 * i)
            writer.write(mail(at, f"user{i % 5}@example.com", f"r{hour}.{i}@d{i}.example.net"))


def test_a_quiet_server(tmp_path: Path) -> None:
    writer = Postfix()
    steady(writer)
    assert found(tmp_path, writer) == {}


def test_listing_that_began(tmp_path: Path) -> None:
    writer = Postfix()
    steady(writer)
    began = START + timedelta(days=2, hours=5)
    for i in range(120):
        writer.write(
            mail(began + timedelta(minutes=6 * i), f"user{i % 5}@example.com", f"x{i}@d{i % 7}.example.net", LISTED)
        )
    alarm = found(tmp_path, writer)["listing_began"]
    assert (alarm.act, alarm.name, alarm.began) == (True, "zen.spamhaus.org", f"{began:%Y-%m-%d %H}:00")
    assert [step.do.split()[0] for step in alarm.plan] == ["See", "First", "The", "Until"]  # as `explain` says it


@pytest.mark.parametrize(("count", "ident"), [(420, "daily_limit_near"), (520, "daily_limit_hit")])
def test_daily_limit_of_the_sending_service(tmp_path: Path, count: int, ident: str) -> None:
    writer = Postfix()
    for i in range(count):
        at, key = START + timedelta(minutes=i), f"A{i:05X}"
        raw(writer, at, "smtpd", f"{key}: client=pc[10.0.0.9], sasl_method=PLAIN, sasl_username=anna@gmail.com")
        raw(writer, at, "qmgr", f"{key}: from=<anna@gmail.com>, size=9, nrcpt=1 (queue active)")
        raw(
            writer, at, "smtp",
            f"{key}: to=<r{i}@example.net>, relay=smtp.gmail.com[198.51.100.8]:587, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)",
        )  # fmt: skip
    alarms = found(tmp_path, writer)
    assert alarms[ident].data["limit"] == 500
    assert alarms[ident].act == (ident == "daily_limit_hit")


def test_open_relay(tmp_path: Path) -> None:
    writer = Postfix()
    steady(writer, days=1)
    for i in range(60):
        at, key = START + timedelta(minutes=i), f"B{i:05X}"
        raw(writer, at, "smtpd", f"{key}: client=unknown[203.0.113.77]")
        raw(writer, at, "qmgr", f"{key}: from=<x{i}@spam{i}.example.org>, size=9, nrcpt=1 (queue active)")
        raw(
            writer, at, "smtp",
            f"{key}: to=<r{i}@victim{i}.example.net>, relay=mx.victim{i}.example.net[198.51.100.8]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 OK)",
        )  # fmt: skip
    assert found(tmp_path, writer)["open_relay"].name == "203.0.113.77"


def test_backscatter(tmp_path: Path) -> None:
    writer = Postfix()
    for i in range(60):
        at, key, notice = START + timedelta(minutes=i), f"C{i:05X}", f"D{i:05X}"
        raw(writer, at, "smtpd", f"{key}: client=unknown[203.0.113.{i}]")
        raw(writer, at, "qmgr", f"{key}: from=<forged{i}@example.org>, size=9, nrcpt=1 (queue active)")
        raw(
            writer, at, "local",
            f'{key}: to=<nobody{i}@example.com>, relay=local, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (unknown user: "nobody{i}")',
        )  # fmt: skip
        raw(writer, at, "bounce", f"{key}: sender non-delivery notification: {notice}")
        raw(writer, at, "qmgr", f"{notice}: from=<>, size=9, nrcpt=1 (queue active)")
        raw(
            writer, at, "smtp",
            f"{notice}: to=<forged{i}@example.org>, relay=mx.example.org[198.51.100.8]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, "
            f"status=bounced (host mx.example.org[198.51.100.8] said: 550 5.1.1 User unknown (in reply to RCPT TO command))",
        )  # fmt: skip
    assert found(tmp_path, writer)["backscatter"].data["bounces"] == 60


def test_queue_that_grows(tmp_path: Path) -> None:
    writer = Postfix()
    steady(writer, days=1)
    for i in range(90):
        at, key = START + timedelta(hours=18, minutes=4 * i), f"E{i:05X}"
        raw(
            writer,
            at,
            "submission/smtpd",
            f"{key}: client=pc[203.0.113.9], sasl_method=PLAIN, sasl_username=user1@example.com",
        )
        raw(writer, at, "qmgr", f"{key}: from=<user1@example.com>, size=9, nrcpt=1 (queue active)")
        raw(
            writer, at, "smtp",
            f"{key}: to=<r{i}@slow.example.net>, relay=mx.slow-mail.net[198.51.100.8]:25, delay=1, delays=0/0/0/1, dsn=4.4.1, "
            "status=deferred (connect to mx.slow-mail.net[198.51.100.8]:25: Connection timed out)",
        )  # fmt: skip
    alarm = found(tmp_path, writer)["queue_growing"]
    assert (alarm.name, alarm.began) == ("slow-mail.net", f"{START:%Y-%m-%d} 18:00")


@pytest.mark.parametrize(("script", "ident"), [("contact.php", "script_spam"), ("", "noisy_neighbour")])
def test_a_site_on_a_shared_server(tmp_path: Path, script: str, ident: str) -> None:
    writer = Postfix()
    steady(writer)
    began = START + timedelta(days=3)
    for i in range(300):
        fate = "unknown" if i % 3 == 0 else "spam" if i % 3 == 1 else "ok"
        writer.write(mail(began + timedelta(seconds=20 * i), "uid:2001", f"v{i}@d{i % 50}.example.net", fate, script))
    alarm = found(tmp_path, writer)[ident]
    assert (script or "2001") in alarm.name
    assert alarm.began == f"{began:%Y-%m-%d %H}:00"
