"""Hundreds of small worlds in which the truth is known: what was refused for, what the text said, what else was odd.

Pure and seeded: each case has a zone of its own (`tests.internet.identity`), is asked by the evidence modules
themselves through a zone file, and is judged by the real judge. `tools/fit_weights.py` fits on them, `test_cases.py`
counts on them.
"""

from __future__ import annotations

import asyncio
import random
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from postmend.app.questions import Questions
from postmend.app.settings import Settings
from postmend.diagnosis import Subject, probes_for
from postmend.evidence.blocklists import Memory
from postmend.knowledge.read import read_reply
from postmend.model import Cause, Fact, Failure, Finding, Host, Reading, SmtpReply, Stage
from tests.asking import ZoneFile
from tests.internet.identity import identity, zone_of

if TYPE_CHECKING:
    from tests.dnslab import Zone
    from tests.internet.identity import Identity

TEXTS = tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))
MAJOR, OWN, DOMAINS = "zen.spamhaus.org", "bl.lists.example", "dbl.spamhaus.org"
# The truths that show in the DNS: the faults of which one is behind the refusal.
FAULTS: dict[Cause, tuple[str, ...]] = {
    Cause.BLOCKLISTED_IP: (f"listed:{MAJOR}",),
    Cause.BLOCKLISTED_DOMAIN_OR_URL: (f"domain_listed:{DOMAINS}",),
    Cause.SPF_FAIL: ("spf_fail", "spf_two", "spf_over", "spf_syntax"),
    Cause.RDNS_MISSING: ("no_ptr", "ptr_mismatch"),
    Cause.HELO_INVALID: ("helo:localhost", "helo_unresolvable", "helo:192.0.2.1"),
    Cause.DMARC_FAIL: ("from_other:reject",),
}
# What is odd with many who send, and that nobody refuses for alone.
INNOCENT = (
    "no_dmarc",
    "spf_softfail",
    "ptr_generic",
    "helo_mismatch",
    "spf_none",
    "dmarc:quarantine",
    "listed:psbl.surriel.com",
)
AFTER_DATA = {Cause.DMARC_FAIL, Cause.CONTENT_SPAM, Cause.VIRUS, Cause.MESSAGE_TOO_BIG}
TEXT_ONLY = (
    Cause.MAILBOX_FULL, Cause.VIRUS, Cause.MESSAGE_TOO_BIG, Cause.GREYLISTED, Cause.RATE_LIMITED, Cause.RELAY_DENIED,
    Cause.TLS_REQUIRED, Cause.RECIPIENT_FILTER, Cause.CONTENT_SPAM,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sketch:
    """A case before it is asked. `asked` is what RCPT TO comes to: accepted, unknown, nothing."""

    truth: Cause
    kind: str
    text: str
    stage: Stage
    faults: tuple[str, ...]
    asked: str = "nothing"


@dataclass(frozen=True, slots=True)
class Known:
    """A case as the judge gets it."""

    sketch: Sketch
    failure: Failure
    reading: Reading
    findings: tuple[Finding, ...]


def _stage(truth: Cause, dice: random.Random) -> Stage:
    if truth in AFTER_DATA:
        return Stage.DATA
    return (
        dice.choice((Stage.RCPT, Stage.RCPT, Stage.MAIL))
        if truth is not Cause.BLOCKLISTED_DOMAIN_OR_URL
        else Stage.RCPT
    )


def _innocent(dice: random.Random, faults: tuple[str, ...]) -> tuple[str, ...]:
    taken = {fault.split(":")[0].split("_")[0] for fault in faults}
    if {"no_ptr", "ptr_mismatch"} & set(faults):
        taken |= {"ptr"}
    if "from_other:reject" in faults:
        taken |= {"dmarc", "no"}
    fit = [
        each
        for each in INNOCENT
        if each.split(":")[0].split("_")[0] not in taken and not (each == "spf_none" and "spf" in taken)
    ]
    chosen: list[str] = []
    for each in dice.sample(fit, dice.choice((0, 0, 1, 2))):
        if not (each.startswith("spf") and any(other.startswith("spf") for other in chosen)) and not (
            "dmarc" in each and any("dmarc" in other for other in chosen)
        ):
            chosen.append(each)
    return tuple(chosen)


def sketches(seed: int = 20261124, each: int = 30) -> list[Sketch]:
    """`each` cases of every truth that shows, fewer of the others, with texts plain, vague and misleading."""
    dice = random.Random(seed)
    made: list[Sketch] = []
    for truth, faults in FAULTS.items():
        for number in range(each):
            fault = (dice.choice(faults),)
            style = ("plain", "vague", "vague", "misleading")[number % 4]
            asked, text, stage = "nothing", "", _stage(truth, dice)
            if style == "plain":
                text = dice.choice(TEXTS["plain"][truth])
            elif style == "vague":
                text = dice.choice(TEXTS["vague"])
            elif truth is Cause.DMARC_FAIL:
                text = dice.choice(TEXTS["spam"])
            elif dice.random() < 0.5:
                text, asked, stage = dice.choice(TEXTS["unknown_user"]), "accepted", Stage.RCPT
            else:
                text = dice.choice(TEXTS["reputation"])
            made.append(Sketch(truth, style, text, stage, fault + _innocent(dice, fault), asked))
    for truth in TEXT_ONLY:
        made += [
            Sketch(truth, "innocent", dice.choice(TEXTS["plain"][truth]), _stage(truth, dice), _innocent(dice, ()))
            for _ in range(each // 3)
        ]
    for number in range(each):
        asked = ("unknown", "nothing", "unknown")[number % 3]
        made.append(
            Sketch(
                Cause.USER_UNKNOWN,
                "innocent",
                dice.choice(TEXTS["plain"]["user_unknown"]),
                Stage.RCPT,
                _innocent(dice, ()),
                asked,
            )
        )
    made += _doubtful(dice, each)
    made += [
        Sketch(Cause.UNKNOWN, "nothing", dice.choice(TEXTS["vague"]), Stage.RCPT, _innocent(dice, ()))
        for _ in range(each)
    ]
    return made


def _doubtful(dice: random.Random, count: int) -> list[Sketch]:
    """Two explanations that each fit, and nothing to decide: of three such cases, one is not what it looks like.

    "User unknown" that nobody could ask about, of a sender whom servers refuse: mostly for that, but some addresses are
    dead all the same. And "spam", of one whose SPF fails: mostly spam, but some say so of whatever they do not take.
    """
    made = []
    for number in range(count):
        odd = number // 3 % 3 == 0
        if number % 3 == 0:
            truth = Cause.SPF_FAIL if odd else Cause.CONTENT_SPAM
            fault, text, stage = ("spf_fail",), dice.choice(TEXTS["spam"]), Stage.DATA
        else:
            behind = dice.choice((Cause.BLOCKLISTED_IP, Cause.RDNS_MISSING, Cause.SPF_FAIL))
            truth = Cause.USER_UNKNOWN if odd else behind
            fault, text, stage = (dice.choice(FAULTS[behind]),), dice.choice(TEXTS["bare_unknown_user"]), Stage.RCPT
        made.append(Sketch(truth, "doubtful", text, stage, fault + _innocent(dice, fault)))
    return made


def _rcpt(asked: str) -> tuple[Finding, ...]:
    if asked == "accepted":
        return (Finding("rcpt", "rcpt.accepted", "anna@to.example", Fact.PASS, "250"),)
    if asked == "unknown":
        return (Finding("rcpt", "rcpt.unknown", "anna@to.example", Fact.FAIL, "550"),)
    return ()


def _names(text: str, it: Identity) -> str:
    listed = next((zone for zone in it.listed if not zone.startswith("dbl.")), OWN)
    names = {
        "ip": it.ip,
        "list": listed,
        "dlist": DOMAINS,
        "domain": it.domain,
        "helo": it.helo,
        "from_domain": it.from_address.partition("@")[2],
    }
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _zone(it: Identity) -> Zone:
    made = zone_of(it) | {
        "to.example": [("MX", "10 mx.to.example")],
        "mx.to.example": [("A", "192.0.2.101")],
        "mx.back.example": [("A", "192.0.2.20")],
    }
    return {
        name: [(kind, text.rstrip(".") if kind in {"PTR", "MX"} else text) for kind, text in records]
        for name, records in made.items()
        if not name.startswith("*")
    }


async def _asked(reading: Reading, it: Identity, stage: Stage) -> tuple[Finding, ...]:
    subject = Subject(
        ip=it.ip, helo=it.helo, mail_from=it.mail_from, recipient="anna@to.example", stage=stage,
        from_domain=it.from_address.partition("@")[2], lists=reading.extracts.lists, unsigned=True,
    )  # fmt: skip
    wanted, _ = probes_for(reading, subject)
    questions = Questions(ZoneFile(_zone(it)), subject, Settings(), Memory(), None, 0)  # type: ignore[arg-type]
    found: tuple[Finding, ...] = ()
    for name in wanted:
        if name != "rcpt":
            found += (await questions.run(name))[0]
    return found


def known(sketch: Sketch, number: int = 1) -> Known:
    """Ask the world of a sketch."""
    it = identity(f"s{number}", f"203.0.113.{number % 250 + 1}", sketch.faults)
    text = _names(sketch.text, it)
    reading = read_reply(text, stage=sketch.stage)
    reading = replace(reading, stage=sketch.stage, remote_host=reading.remote_host or "mx.to.example")
    failure = Failure(
        recipient="anna@to.example", mail_from=it.mail_from, stage=sketch.stage,
        reply=SmtpReply(reading.code, reading.enhanced, text), remote=Host("mx.to.example", "192.0.2.101"),
    )  # fmt: skip
    findings = asyncio.run(_asked(reading, it, sketch.stage))
    wants_rcpt = "rcpt" in {name for h in reading.hypotheses if h.weight >= 0.05 for name in _evidence(h.cause)}
    return Known(sketch, failure, reading, findings + (_rcpt(sketch.asked) if wants_rcpt else ()))


def _evidence(cause: Cause) -> tuple[str, ...]:
    from postmend.knowledge.causes import cause_info

    return tuple(cause_info(cause).evidence)


@cache
def cases(seed: int = 20261124, each: int = 30) -> tuple[Known, ...]:
    """All of them, asked."""
    return tuple(known(sketch, number) for number, sketch in enumerate(sketches(seed, each)))


def right(truth: Cause, found: Cause) -> bool:
    """Whether a verdict is right; where nothing shows why, a filter of the recipient's is as good a word as unknown."""
    return found is truth or (truth is Cause.UNKNOWN and found is Cause.RECIPIENT_FILTER)
