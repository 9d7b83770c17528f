"""The compiled copies: one for every TOML file, made anew when it changes, and a clear word where a file is wrong."""

import shutil
from pathlib import Path

import pytest

from postmend.knowledge import compile_all, compiled
from postmend.knowledge.senders import Service
from postmend.model import ParseError


def test_every_file_is_compiled_for_the_wheel() -> None:
    compile_all()
    written = {path.stem for path in compiled.HERE.glob("*.toml")}
    assert {name for name in written if not any(place.exists() for place in compiled._places(name))} == set()


def test_an_edited_file_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiled, "HERE", tmp_path)
    file = tmp_path / "senders.toml"
    file.write_text('[a]\nname = "A"\ndomains = ["a.example"]\n')
    assert compiled.table("senders", dict[str, Service])["a"].name == "A"
    file.write_text('[a]\nname = "B"\ndomains = ["a.example"]\n')
    assert compiled.table("senders", dict[str, Service])["a"].name == "B"
    shutil.copy(tmp_path / "_senders.book.json", tmp_path / "senders.toml")
    with pytest.raises(ParseError, match=r"senders\.toml"):
        compiled.table("senders", dict[str, Service])
