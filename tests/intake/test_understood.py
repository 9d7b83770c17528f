"""Notices read by their masked form: the same as read plainly, and the same whatever was read before."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from postmend.intake import mail, read_any, understood
from postmend.intake.failures import Material
from postmend.knowledge import masks
from postmend.model import Intake, ParseError
from tests.conftest import ROOT
from tests.intake.test_forms import FORMS, written

CORPUS = ROOT.parent / "shared" / "corpus" / "bounces"
MAILS = [written(form) for form in FORMS] + [path.read_bytes() for path in sorted((ROOT / "samples").glob("*.eml"))]


def forget() -> None:
    understood._remembered.cache_clear()
    masks._plain.clear()
    masks._named.clear()


def intakes(raw: bytes) -> list[Intake]:
    try:
        return list(read_any(raw, "x"))
    except ParseError:
        return []


def varied(raw: bytes, rng: random.Random) -> bytes:
    """The notice as another of its kind would be: other local parts, times and ids."""
    word = "".join(rng.choices("abcdefghij", k=5)).encode()
    raw = re.sub(rb"(?<=[a-z])@", word + b"@", raw)
    raw = re.sub(
        rb"\b\d\d:\d\d:\d\d\b", b"%02d:%02d:%02d" % (rng.randrange(24), rng.randrange(60), rng.randrange(60)), raw
    )
    return re.sub(rb"\[(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+\]", rb"[\1.%d]" % rng.randrange(1, 255), raw)


def test_the_answer_does_not_depend_on_what_was_read_before() -> None:
    rng = random.Random(5)
    mails = [varied(raw, rng) for raw in MAILS for _ in range(3)]
    alone = []
    for raw in mails:
        forget()
        alone.append(intakes(raw))
    forget()
    assert [intakes(raw) for raw in mails] == alone
    assert [intakes(raw) for raw in reversed(mails)] == alone[::-1]


def read_plainly(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Intake]:
    def plainly(material: Material) -> object:
        return understood.understand_text(understood._written(material))

    with monkeypatch.context() as patched:
        patched.setattr(mail, "understand", plainly)
        return intakes(raw)


def corpus() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.glob("mail/bsd/*")) + sorted(CORPUS.glob("flufl/*"))]


def test_a_masked_notice_reads_as_the_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    for raw in MAILS:
        assert intakes(raw) == read_plainly(raw, monkeypatch)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus in {CORPUS}")
def test_a_masked_notice_of_the_corpus_reads_as_the_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    for raw in corpus():
        assert intakes(raw) == read_plainly(raw, monkeypatch)


def test_notices_of_one_mailing_are_alike(samples: Path) -> None:
    raw = (samples / "bounce-barracuda.eml").read_bytes()
    forget()
    for user in (b"anna", b"lena.b", b"x-17"):
        (found,) = intakes(raw.replace(b"anna@example.net", user + b"@example.net"))
        assert found.failures[0].recipient == f"{user.decode()}@example.net"
    assert understood._remembered.cache_info().misses == 1


def test_an_address_seen_in_two_spellings_stays_one() -> None:
    text = "<Lena@Example.net>: no\n\n550 lena@example.net: unknown"
    hidden = masks.Masked(text)
    one, two = re.findall(r"\S+@[\w.]+", hidden.text)
    assert one != two
    assert one.strip("<").lower() == two.lower()
    assert hidden.back(hidden.text) == text
