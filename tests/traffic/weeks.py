"""Weeks of a mail server with its rhythms: offices, shops, newsletters, people on the road, the end of the month.

`week(seed, plant)` plans one; `plant` is `clean`, `compromised` or `neighbour`. What is planted differs from week to
week: loud or slow, by night or by day, from many addresses or a few, with a week's history before it or a day's.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.traffic.generator import START, Mail

HOURS = 7 * 24


@dataclass
class Planted:
    """Who, and from when on; None in a clean week."""

    name: str
    began: datetime


@dataclass
class _Account:
    name: str
    mail_from: str
    rhythm: str
    volume: float  # recipients in a busy hour
    bad: float
    ips: list[str]


def _rate(account: _Account, hour: int, *, month_end: bool) -> float:
    day, clock = hour // 24, hour % 24
    if account.rhythm == "office":
        busy = 0.0 if day >= 5 or not 7 <= clock <= 18 else 1.0 if 9 <= clock <= 16 else 0.4
    elif account.rhythm == "shop":
        busy = 0.3 + 0.7 * math.sin(math.pi * max(clock - 6, 0) / 18) ** 2
    elif account.rhythm == "batch":
        busy = 1.0 if clock == 3 else 0.02
    else:
        busy = 0.5 if 6 <= clock <= 23 else 0.05
    return account.volume * busy * (6 if month_end and day >= 3 and account.rhythm == "office" else 1)


def _poisson(dice: random.Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def _address(dice: random.Random) -> str:
    return f"{dice.choice(('203.0', '192.0', '100.65'))}.{dice.randrange(256)}.{dice.randrange(1, 255)}"


def _people(dice: random.Random) -> list[_Account]:
    made = []
    for i in range(dice.randrange(15, 40)):
        rhythm = dice.choice(["office"] * 5 + ["shop", "road", "batch"])
        ips = [_address(dice) for _ in range(dice.randrange(8, 30) if rhythm == "road" else dice.randrange(1, 4))]
        volume = math.exp(dice.gauss(0.7, 0.9))
        login = f"p{i}@{dice.choice('abcdefgh')}.example.com"
        made.append(_Account(login, login, rhythm, volume, dice.uniform(0.002, 0.04), ips))
    made += [
        _Account(f"uid:{2000 + i}", f"shop@site{i}.example.org", dice.choice(["shop", "batch"]),
                 math.exp(dice.gauss(0.7, 0.8)), dice.uniform(0.005, 0.05), [""])
        for i in range(dice.randrange(4, 12))
    ]  # fmt: skip
    return made


def _mail(dice: random.Random, account: _Account, at: datetime, bad: float, spam: float, ip: str) -> Mail:
    roll = dice.random()
    fate = "unknown" if roll < bad else "spam" if roll < bad + spam else "grey" if roll > 0.97 else "ok"
    to = f"r{dice.randrange(10**9)}@d{dice.randrange(400)}.example.net"
    return Mail(at, account.name, account.mail_from, [(to, fate)], ip)


def _spread(dice: random.Random, hour: int, start: datetime) -> datetime:
    return start + timedelta(hours=hour, seconds=dice.randrange(3600))


def _newsletters(dice: random.Random, people: list[_Account], start: datetime) -> list[Mail]:
    mails = []
    for account in dice.sample(people, 3):
        size, bad = dice.randrange(150, 1200), dice.uniform(0.003, 0.07)
        first = dice.randrange(6, HOURS - 5)
        mails += [
            _mail(dice, account, _spread(dice, first + dice.randrange(3), start), bad, 0.004, account.ips[0])
            for _ in range(size)
        ]
    return mails


def _compromise(dice: random.Random, people: list[_Account], start: datetime) -> tuple[list[Mail], Planted]:
    account = dice.choice([each for each in people if not each.name.startswith("uid:")])
    slow = dice.random() < 0.3
    began = start + timedelta(hours=dice.randrange(24, HOURS - 30), minutes=dice.randrange(60))
    ips = [_address(dice) for _ in range(dice.randrange(4, 10) if slow else dice.randrange(5, 60))]
    lasts = dice.randrange(12, 28) if slow else dice.randrange(2, 12)
    pace = dice.uniform(20, 45) if slow else dice.uniform(100, 500)
    bad, spam = dice.uniform(0.15, 0.45), dice.uniform(0.03, 0.2)
    mails = [
        _mail(dice, account, began + timedelta(hours=dice.random() * lasts), bad, spam, dice.choice(ips))
        for _ in range(int(pace * lasts))
    ]
    return mails, Planted(account.name, min(mail.at for mail in mails))


def _neighbour(dice: random.Random, people: list[_Account], start: datetime) -> tuple[list[Mail], Planted]:
    account = dice.choice([each for each in people if each.name.startswith("uid:")])
    began = start + timedelta(hours=dice.randrange(12, HOURS - 30), minutes=dice.randrange(60))
    lasts, pace = dice.randrange(5, 29), dice.uniform(50, 250)
    bad, spam = dice.uniform(0.12, 0.35), dice.uniform(0.05, 0.3)
    mails = [
        _mail(dice, account, began + timedelta(hours=dice.random() * lasts), bad, spam, "")
        for _ in range(int(pace * lasts))
    ]
    return mails, Planted(account.name, min(mail.at for mail in mails))


def week(seed: int, plant: str, start: datetime = START) -> tuple[list[Mail], Planted | None]:
    """The mails of a week, and what was planted in it."""
    dice = random.Random(seed)
    people = _people(dice)
    month_end = dice.random() < 0.4
    mails = []
    for account in people:
        for hour in range(HOURS):
            for _ in range(_poisson(dice, _rate(account, hour, month_end=month_end))):
                ip = dice.choice(account.ips)
                mails.append(_mail(dice, account, _spread(dice, hour, start), account.bad, 0.003, ip))
    mails += _newsletters(dice, people, start)
    planted = None
    if plant == "compromised":
        more, planted = _compromise(dice, people, start)
        mails += more
    elif plant == "neighbour":
        more, planted = _neighbour(dice, people, start)
        mails += more
    return [Mail(m.at.replace(microsecond=0), m.account, m.mail_from, m.recipients, m.ip) for m in mails], planted
