"""Every way of writing a blank finds its own examples, by itself, and what only looks like one is left alone."""

from __future__ import annotations

import re
import time

import pytest

from postmend.knowledge.placeholders import Syntax, find_placeholder, placeholders


@pytest.mark.parametrize("syntax", placeholders().syntax, ids=lambda syntax: syntax.used_by)
def test_examples_decide(syntax: Syntax) -> None:
    assert syntax.yes
    assert syntax.no
    for text in syntax.yes:
        assert re.search(syntax.pattern, text), text
        assert find_placeholder(text), text
    for text in syntax.no:
        assert not find_placeholder(text), text


@pytest.mark.parametrize("text", ["Dear null,", "Hello undefined!", "Hi\nDear None,\nmore", "Dear [object Object],"])
def test_a_greeting_of_nobody(text: str) -> None:
    assert find_placeholder(text)


@pytest.mark.parametrize("text", ["Dear Nan Goldin,", "Hello nonetheless", "null and void", "Say hi, none of you"])
def test_a_greeting_of_somebody(text: str) -> None:
    assert not find_placeholder(text)


@pytest.mark.parametrize("mark", ["{{", "{{a", "*|A", "%%a", "%", "[[a ", "${a", "<%", "##a", "[a_", "{a_", "Dear "])
def test_hostile_text_takes_little_time(mark: str) -> None:
    start = time.process_time()
    find_placeholder(mark * (200_000 // len(mark)))
    assert time.process_time() - start < 2
