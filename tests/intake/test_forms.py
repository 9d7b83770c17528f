"""Every form of notice in `forms.toml`: who was refused, with which codes and words, in each line ending."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from postmend.intake import read_any

FORMS = tomllib.loads(Path(__file__).with_name("forms.toml").read_text(encoding="utf-8"))["form"]


def written(form: dict[str, Any]) -> bytes:
    """The form as a mail."""
    charset = form.get("charset", "utf-8")
    head = [f"From: {form['from']}", f"To: {form.get('to', 'mara@example.com')}", f"Subject: {form['subject']}"]
    more = form.get("headers", "")
    if more:
        head.append(more)
    if "content-type" not in more.lower():
        head.append(f"MIME-Version: 1.0\nContent-Type: text/plain; charset={charset}")
    return ("\n".join(head) + "\n\n" + form["body"]).encode(charset)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form["name"]))
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_form(form: dict[str, Any], end: bytes) -> None:
    (found,) = read_any(written(form).replace(b"\n", end), "x")
    got = [(f.recipient, f.reply.code or 0, str(f.reply.enhanced or "")) for f in found.failures]
    want = form.get("want", [])
    assert got == [tuple(each[:3]) for each in want]
    for failure, (*_, words) in zip(found.failures, want, strict=True):
        assert words in failure.reply.text
    assert found.kind in ([form["kind"]] if "kind" in form else ["dsn", "bounce"])


def test_names_are_different() -> None:
    names = [form["name"] for form in FORMS]
    assert len(names) == len(set(names))
