"""Good mail of kinds that programs and people write gives no alarm; hidden text is told from a preview line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.score.kinds import GOOD, bulk, mail
from tests.score.mails import FEW
from tests.score.test_content import heavy, look

if TYPE_CHECKING:
    from pathlib import Path

LINE = "Three places are left in the workshop on pruning, and the catalogue for the summer has come"
BODY = "<p>Dear Anna, the workshop begins at two. Please bring scissors and gloves, and something to drink.</p>"


def test_there_are_good_mails_of_many_kinds() -> None:
    assert len(GOOD) > 80


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_nothing_is_found_in_good_mail(path: Path) -> None:
    found = look(path.read_bytes())
    assert heavy(found) == set(), [finding.detail for finding in found]


def found_in(html: str) -> set[str]:
    return heavy(look(mail("Workshop", html=html).as_bytes())) - {"text.missing"}


HIDE = '<div style="display:none">{}</div>'
FINE = {
    "preview line": HIDE.format(LINE) + BODY,
    "behind a line on the web version": "<p>View this mail in your browser</p>" + HIDE.format(LINE) + BODY,
    "in a mail that is quoted": BODY + "<blockquote>" + HIDE.format(LINE) + BODY + "</blockquote>",
    "shown on small screens": "<style>@media (max-width:480px){.m{display:block!important}}</style>"
    + BODY + f'<div class="m" style="display:none">{LINE}</div>',
    "shown on small screens, by an attribute": "<style>@media (max-width:480px){td[class=m]{display:block!important}}</style>"
    + BODY + f'<div class="m" style="display:none">{LINE}</div>',
    "a size of its own inside": f'<td style="font-size:0"><p style="font-size:16px">{LINE}</p></td>' + BODY,
    "a button of Outlook's own beside": BODY + f'<a href="https://example.com/" style="mso-hide:all">{LINE}</a>',
    "letters cut out of a picture": BODY + f'<h1 style="color:transparent;-webkit-background-clip:text">{LINE}</h1>',
    "hidden inside another class": "<style>.other p{display:none}</style>" + BODY + f'<div class="m"><p>{LINE}</p></div>',
    "marks for machines": BODY + HIDE.format("[9F3C2A-0B1D] https://example.com/a/9f3c/" + "4711 " * 60),
    "words for screen readers": BODY + 9 * HIDE.format("opens in a new window"),
}  # fmt: skip
TRICKS = {
    "a preview line too long": HIDE.format(LINE * 3) + BODY,
    "behind the text": BODY + HIDE.format(LINE),
    "beside a preview line": HIDE.format(LINE) + BODY + HIDE.format(FEW),
    "a class": "<style>.m{display:none}</style>" + BODY + f'<div class="m">{LINE}</div>',
    "inside a class": "<style>.m td > p{display:none}</style>"
    + BODY
    + f'<table class="m"><tr><td><p>{LINE}</p></td></tr></table>',
    "in pieces": BODY + "".join(f"w{HIDE.format(word + 's ' + word)}" for word in LINE.split()),
}


@pytest.mark.parametrize("html", FINE.values(), ids=FINE)
def test_hidden_for_a_reason(html: str) -> None:
    assert found_in(html) == set()


@pytest.mark.parametrize("html", TRICKS.values(), ids=TRICKS)
def test_hidden_from_people(html: str) -> None:
    assert "html.hidden_text" in found_in(html)


POSTER = '<img src="https://www.example.com/poster.png" width="600" height="{}" alt="">'
FOOT = "<p>You get this letter because you asked for it. Example Ltd, 1 Main Street, Springfield</p>"


def test_pictures_beside_words() -> None:
    assert "html.image_only" in found_in(POSTER.format(800) + "<p>Unsubscribe</p>")
    assert "html.few_words" in found_in(POSTER.format(800) + FOOT)
    assert "html.few_words" in found_in("<img src=1.png><img src=2.png><img src=3.png>" + FOOT)
    assert not found_in(
        POSTER.format(250) + "<p>Until Sunday all plants in our shop cost fifteen per cent less.</p>" + FOOT
    )
    assert not found_in('<img src="https://www.example.com/logo.png" height="40"><p>Your code is 481920.</p>')


@pytest.mark.parametrize("name", ["In-Reply-To", "References"])
def test_an_answer_may_speak_of_blanks(name: str) -> None:
    talk = mail("Re: {{ name }} stays empty", "Use {{ first_name }} instead of {{ name }}.\n")
    talk[name] = "<1@example.com>"
    assert heavy(look(talk.as_bytes())) == set()


def test_links_that_are_counted_are_a_note() -> None:
    host = "https://out.example.com/r?url=https%3A%2F%2Fshop.example.org%2F"
    html = (
        BODY
        + "".join(f'<a href="{host}{i}">plant {i}</a> ' for i in range(4))
        + '<a href="https://example.com/u">Unsubscribe</a>'
    )
    found = look(bulk("Plants", "The workshop begins at two. Unsubscribe", html).as_bytes())
    assert "link.tracked" in {finding.id for finding in found}
    assert heavy(found) == set()
