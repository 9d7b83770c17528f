"""Logs of a mail server that never was, with the truth about them: what was delivered, refused, put off, and why.

`Writer`s write one plan of mails as Postfix or Exim would log it; `weeks` plans a server's week with its rhythms
(nights, weekends, newsletters, the end of the month), clean or with a hijacked account or a bad neighbour in it.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

START = datetime(2026, 3, 2)  # noqa: DTZ001  a Monday, by the server's own clock
# fate: reply, as the remote host says it
SAID = {
    "unknown": "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table",
    "full": "552 5.2.2 <{to}>: Mailbox full: over quota, message {id}",
    "spam": "554 5.7.1 Message {id} rejected as spam by content filter",
    "listed": "554 5.7.1 Service unavailable; Client host [198.51.100.1] blocked using zen.spamhaus.org",
    "grey": "450 4.2.0 <{to}>: Recipient address rejected: Greylisted, try again in 300 seconds",
}
CAUSES = {
    "unknown": "user_unknown", "full": "mailbox_full", "spam": "content_spam", "listed": "blocklisted_ip",
    "grey": "greylisted", "expire": "greylisted",
}  # fmt: skip
RETRY_S = (600, 3600, 14400)


@dataclass
class Mail:
    """One message: `account` is a login, or `uid:N` for a local user; each recipient has a fate."""

    at: datetime
    account: str
    mail_from: str
    recipients: list[tuple[str, str]]
    ip: str = "203.0.113.9"
    script: str = ""


@dataclass
class Truth:
    """What the log must be counted as."""

    totals: Counter[str] = field(default_factory=Counter)
    accounts: dict[str, Counter[str]] = field(default_factory=dict)
    domains: dict[str, Counter[str]] = field(default_factory=dict)
    days: dict[str, Counter[str]] = field(default_factory=dict)
    causes: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, mail: Mail, to: str, at: datetime, *what: str, cause: str = "") -> None:
        rows = [
            self.totals,
            self.accounts.setdefault(mail.account, Counter()),
            self.domains.setdefault(to.rpartition("@")[2], Counter()),
            self.days.setdefault(at.strftime("%Y-%m-%d"), Counter()),
        ]
        if cause:
            rows.append(self.causes.setdefault(cause, Counter()))
        for row in rows:
            row.update(what)


class Postfix:
    """Writes mails as Postfix logs them: `iso` or traditional stamps; `hop` lets amavis give each mail back."""

    def __init__(self, *, iso: bool = False, hop: bool = False, host: str = "mx1", seed: int = 1) -> None:
        self.iso, self.hop, self.host = iso, hop, host
        self.lines: list[tuple[datetime, str]] = []
        self.truth = Truth()
        self._random = random.Random(seed)
        self._number = seed * 10_000_000

    def _log(self, at: datetime, program: str, text: str) -> None:
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f+01:00") if self.iso else at.strftime("%b %e %H:%M:%S")
        pid = self._random.randrange(1000, 9000)
        self.lines.append((at, f"{stamp} {self.host} postfix/{program}[{pid}]: {text}\n"))

    def _ident(self) -> str:
        self._number += 1
        return f"{self._number:X}"

    def write(self, mail: Mail) -> None:
        at, ident = mail.at, self._ident()
        if mail.account.startswith("uid:"):
            self._log(at, "pickup", f"{ident}: uid={mail.account[4:]} from=<{mail.mail_from}>")
            if mail.script:
                header = f"header X-PHP-Originating-Script: {mail.account[4:]}:{mail.script} from local; from=<{mail.mail_from}>"
                self._log(at, "cleanup", f"{ident}: info: {header}")
        else:
            self._log(at, "submission/smtpd", f"connect from unknown[{mail.ip}]")
            self._log(
                at, "submission/smtpd",
                f"{ident}: client=unknown[{mail.ip}], sasl_method=PLAIN, sasl_username={mail.account}",
            )  # fmt: skip
        self._accepted(at, ident, mail)
        self.truth.totals["messages"] += 1
        self.truth.accounts.setdefault(mail.account, Counter())["messages"] += 1
        if self.hop:
            ident = self._filtered(at, ident, mail)
            at += timedelta(seconds=2)
        self._deliver(at, ident, mail)

    def _accepted(self, at: datetime, ident: str, mail: Mail) -> None:
        self._log(at, "cleanup", f"{ident}: message-id=<{self._number}@{self.host}.example.com>")
        self._log(
            at, "qmgr", f"{ident}: from=<{mail.mail_from}>, size=3456, nrcpt={len(mail.recipients)} (queue active)"
        )  # fmt: skip

    def _filtered(self, at: datetime, ident: str, mail: Mail) -> str:
        inner = self._ident()
        self._log(at + timedelta(seconds=1), "smtpd", "connect from localhost[127.0.0.1]")
        self._log(at + timedelta(seconds=1), "smtpd", f"{inner}: client=localhost[127.0.0.1]")
        self._accepted(at + timedelta(seconds=1), inner, mail)
        for to, _ in mail.recipients:
            self._log(
                at + timedelta(seconds=2), "smtp",
                f"{ident}: to=<{to}>, relay=127.0.0.1[127.0.0.1]:10024, delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent "
                f"(250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {inner})",
            )  # fmt: skip
        self._log(at + timedelta(seconds=2), "qmgr", f"{ident}: removed")
        return inner

    def _deliver(self, at: datetime, ident: str, mail: Mail) -> None:
        last = at
        for to, fate in mail.recipients:
            last = max(last, self._recipient(at + timedelta(seconds=1), ident, mail, to, fate))
        if any(fate == "expire" for _, fate in mail.recipients):
            last += timedelta(seconds=1)
            self._log(last, "qmgr", f"{ident}: from=<{mail.mail_from}>, status=expired, returned to sender")
            for to, fate in mail.recipients:
                if fate == "expire":
                    self.truth.add(mail, to, last, "bounced", "expired", cause=CAUSES[fate])
        self._log(last + timedelta(seconds=1), "qmgr", f"{ident}: removed")

    def _recipient(self, at: datetime, ident: str, mail: Mail, to: str, fate: str) -> datetime:
        if fate in {"grey", "expire"}:
            waits = RETRY_S if fate == "expire" else RETRY_S[:1]
            for number, wait in enumerate((0, *waits[:-1])):
                at += timedelta(seconds=wait)
                self._attempt(at, ident, to, "deferred", "4.2.0", SAID["grey"])
                self.truth.add(mail, to, at, "deferrals", *(() if number else ("deferred",)), cause=CAUSES[fate])
            at += timedelta(seconds=waits[-1])
            if fate == "expire":
                self._attempt(at, ident, to, "deferred", "4.2.0", SAID["grey"])
                self.truth.add(mail, to, at, "deferrals", cause=CAUSES[fate])
                return at
        if fate in {"ok", "grey"}:
            self._attempt(at, ident, to, "sent", "2.0.0", "")
            self.truth.add(mail, to, at, "delivered")
            return at
        self._attempt(at, ident, to, "bounced", "5.1.1" if fate == "unknown" else "5.0.0", SAID[fate])
        self.truth.add(mail, to, at, "bounced", cause=CAUSES[fate])
        return at

    def _attempt(self, at: datetime, ident: str, to: str, status: str, dsn: str, said: str) -> None:
        domain = to.rpartition("@")[2]
        host = f"mx.{domain}[198.51.100.{sum(domain.encode()) % 250}]"
        text = f"host {host} said: {said.format(to=to, id=ident)} (in reply to RCPT TO command)"
        if status == "sent":
            text = f"250 2.0.0 Ok: queued as {self._random.randrange(1 << 40):X}"
        self._log(
            at, "smtp",
            f"{ident}: to=<{to}>, relay={host}:25, delay=1.1, delays=0.1/0/0.4/0.6, dsn={dsn}, status={status} ({text})",
        )  # fmt: skip

    def text(self, *, shuffle: int = 0) -> bytes:
        """The log in order; or out of it by up to `shuffle` lines."""
        lines = [line for _, line in sorted(self.lines, key=lambda each: each[0])]
        if shuffle:
            order = sorted(range(len(lines)), key=lambda i: i + self._random.random() * shuffle)
            lines = [lines[i] for i in order]
        return "".join(lines).encode()


def _base62(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, rest = divmod(number, 62)
        text = digits[rest] + text
    return text


class Exim(Postfix):
    """Writes the same mails as Exim's main log has them; `long_ids` as of 4.97."""

    long_ids = False

    def _log(self, at: datetime, program: str, text: str) -> None:
        self.lines.append((at, f"{at:%Y-%m-%d %H:%M:%S} {text}\n"))

    def _ident(self) -> str:
        self._number += 1
        if self.long_ids:
            return f"1t{self._number % 10000:04d}-{self._number:011d}-{self._number % 100:02d}ab"
        return f"1{_base62(self._number):0>5.5}-{self._number % 10**6:06d}-0A"

    def write(self, mail: Mail) -> None:
        ident, at = self._ident(), mail.at
        if mail.account.startswith("uid:"):
            if mail.script:
                self._log(at, "", f"cwd={mail.script} 4 args: /usr/sbin/sendmail -t -i")
            self._log(at, "", f"{ident} <= {mail.mail_from} U={mail.account[4:]} P=local S=1234")
        else:
            self._log(
                at, "",
                f"{ident} <= {mail.mail_from} H=(pc) [{mail.ip}] P=esmtpsa X=TLS1.3:X:256 A=plain:{mail.account} S=1234 id=x@y",
            )  # fmt: skip
        self.truth.totals["messages"] += 1
        last = at
        for to, fate in mail.recipients:
            last = max(last, self._recipient(at + timedelta(seconds=1), ident, mail, to, fate))
            if fate == "expire":
                last += timedelta(seconds=1)
                self._log(last, "", f"{ident} ** {to} R=dnslookup T=remote_smtp: retry timeout exceeded")
                self.truth.add(mail, to, last, "bounced", "expired", cause=CAUSES[fate])
        self._log(last + timedelta(seconds=1), "", f"{ident} Completed")

    def _attempt(self, at: datetime, ident: str, to: str, status: str, dsn: str, said: str) -> None:
        domain = to.rpartition("@")[2]
        where = f"R=dnslookup T=remote_smtp H=mx.{domain} [198.51.100.{sum(domain.encode()) % 250}]"
        error = f"SMTP error from remote mail server after RCPT TO:<{to}>: {said.format(to=to, id=ident)}"
        if status == "sent":
            self._log(at, "", f'{ident} => {to} {where} X=TLS1.3:X:256 C="250 2.0.0 Ok: queued as 4ABC"')
        elif status == "deferred":
            where = where.replace(" H=", " defer (-44) H=")
            self._log(at, "", f"{ident} == {to} {where}: {error}")
        else:
            self._log(at, "", f"{ident} ** {to} {where}: {error}")


def some_mails(count: int, *, seed: int = 1, days: int = 3, start: datetime = START) -> list[Mail]:
    """Mails of twenty logins and a local user, of one to three recipients, over some days."""
    dice = random.Random(seed)
    fates = ["ok"] * 80 + ["unknown"] * 6 + ["full"] * 3 + ["spam"] * 2 + ["grey"] * 6 + ["expire"] * 3
    mails = []
    for i in range(count):
        at = start + timedelta(seconds=dice.random() * 86400 * days)
        login = f"user{dice.randrange(20)}@example.com"
        account = "uid:1001" if dice.random() < 0.1 else login
        fate_of = [
            (f"r{i}.{k}@d{dice.randrange(30)}.example.net", dice.choice(fates)) for k in range(dice.randrange(1, 4))
        ]
        if sum(fate == "expire" for _, fate in fate_of) and dice.random() < 0.5:
            fate_of = [(to, "expire" if fate == "expire" else "ok") for to, fate in fate_of]
        mail_from = "www-data@web.example.org" if account.startswith("uid:") else login
        mails.append(Mail(at.replace(microsecond=0), account, mail_from, fate_of))
    return mails
