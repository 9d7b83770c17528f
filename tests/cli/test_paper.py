"""What reaches a terminal is one line, and text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postmend.cli.paper import complain

if TYPE_CHECKING:
    import pytest


def test_outside_text_in_a_complaint_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    complain("1 report about \x1b[2Jexample.com\x9b31m\u202e\nand more: not one of the domains named")
    assert (
        capsys.readouterr().err
        == "postmend: 1 report about  [2Jexample.com 31m and more: not one of the domains named\n"
    )
