"""Where the filters are may stand in the settings file; options go before it; what cannot be is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from postmend.app.settings import load_settings
from postmend.cli.score import command
from postmend.intake.scan import decode_words, to_text
from postmend.knowledge.symbols import symbol_info
from postmend.model import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = Path("/usr/share/spamassassin")


def test_the_file_says_where_filters_are_and_options_go_before(tmp_path: Path) -> None:
    path = tmp_path / "postmend.toml"
    path.write_text('[score]\nrspamd = "off"\nspamassassin = "127.0.0.1:7783"\nfilter_timeout_s = 3.5\n')
    settings = load_settings(str(path), rspamd=None, spamassassin="start")
    assert (settings.rspamd, settings.spamassassin, settings.filter_timeout_s) == ("off", "start", 3.5)


def test_the_command_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "postmend.toml"
    path.write_text('[score]\nrspamd = "off"\nspamassassin = "off"\n')
    done = CliRunner().invoke(command, ["--offline", "--config", str(path), "-"], input="Subject: hello\n\nhello\n")
    assert "rspamd: off; spamassassin: off" in done.stderr


@pytest.mark.parametrize("line", ["filter_timeout_s = 0", 'filter_timeout_s = "x"', "rspam = 1"])
def test_what_cannot_be_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "postmend.toml"
    path.write_text(f"[score]\n{line}\n")
    with pytest.raises(ParseError, match="score"):
        load_settings(str(path))


@pytest.mark.parametrize("charset", ["punycode", "PunyCode ", "unicode-escape", "utf-8\0", "a\0b", "base64", "../x"])
def test_no_name_of_a_charset_raises_or_is_taken_for_one(charset: str) -> None:
    assert to_text("café \\u0041".encode(), charset) == "café \\u0041"
    assert decode_words("=?punycode?B?Y2Fmw6kt?=") == "café-"


def _heavy_rules() -> Iterator[str]:
    for path in sorted(RULES.glob("*.cf")):
        for name, points in re.findall(
            r"^\s*score\s+([A-Z]\S+)\s+([-\d. ]+)", path.read_text("utf-8", "replace"), re.MULTILINE
        ):
            if max(map(float, points.split()), default=0.0) >= 1:
                yield name


@pytest.mark.skipif(not RULES.exists(), reason="SpamAssassin's rules are not installed")
def test_all_heavier_rules_of_spamassassin_are_explained() -> None:
    unknown = [name for name in _heavy_rules() if symbol_info("spamassassin", name) is None]
    assert unknown == []
