"""Checks that were saved, and what has changed since: one file of JSON lines a target, the newest line last.

They lie in `$XDG_STATE_HOME/postmend/checks` (`~/.local/state/...`). A file that is broken costs the lines that are.
"""

import hashlib
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from postmend.app.checked import Change, Checked, Graded, Since
from postmend.model import ParseError
from postmend.model.errors import unreadable, unwritable

_MOST_KEPT = 200
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def _folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "postmend" / "checks"


def _path(checked: Checked) -> Path:
    digest = hashlib.sha256(checked.name.encode()).hexdigest()[:8]
    return _folder() / f"{re.sub(r'[^a-z0-9.-]', '_', checked.name)[:80]}-{digest}.jsonl"


def _saved(path: Path) -> list[Checked]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(path, error) from error
    made = []
    for line in lines:
        try:
            made.append(msgspec.json.decode(line, type=Checked))
        except msgspec.MsgspecError:
            continue
    return made


def keep(checked: Checked) -> Path:
    """Keep a check; returns where. The file is replaced whole, so that a crash loses nothing."""
    path = _path(checked)
    kept = [*_saved(path), checked][-_MOST_KEPT:]
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in kept))
        part.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def moment(text: str, now: datetime) -> datetime | None:
    """What `--since` means: `last` (None), a date, a date with time, or a span such as 12h, 7d, 4w."""
    if text == "last":
        return None
    span = re.fullmatch(r"(\d{1,5})([hdw])", text)
    if span:
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise ParseError(f"--since {text[:40]!r}: last, a date (2026-11-01), or a span (12h, 7d, 4w)") from error
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def since(checked: Checked, when: datetime | None) -> Since | None:
    """What changed from the last check that was saved before `when` (None: the last of all); None without one."""
    older = [each for each in _saved(_path(checked)) if when is None or datetime.fromisoformat(each.checked_at) <= when]
    if not older:
        return None
    return Since(older[-1].checked_at, list(_changes(older[-1].findings, checked.findings)))


def _key(finding: Graded) -> tuple[str, str, str]:
    which = finding.data.get("selector") or finding.data.get("zone") or finding.data.get("ip") or ""
    return finding.check, finding.subject, which


def _grouped(findings: list[Graded]) -> dict[tuple[str, str, str], dict[str, Graded]]:
    made: dict[tuple[str, str, str], dict[str, Graded]] = {}
    for each in findings:
        if each.result not in {"temperror", "refused", "not_asked"} and each.check != "dns":  # not known is no change
            made.setdefault(_key(each), {})[each.id] = each
    return made


def _unknown(findings: list[Graded]) -> set[tuple[str, str]]:
    return {(each.check, each.subject) for each in findings if each.result in {"temperror", "refused", "not_asked"}}


def _changes(before: list[Graded], now: list[Graded]) -> list[Change]:
    old, new = _grouped(before), _grouped(now)
    silent = _unknown(before) | _unknown(now)
    made: list[Change] = []
    for key in dict.fromkeys((*old, *new)):
        was, is_now = old.get(key, {}), new.get(key, {})
        if key[:2] in silent and not (was and is_now):
            continue
        gone = [each for ident, each in was.items() if ident not in is_now]
        come = [each for ident, each in is_now.items() if ident not in was]
        for i in range(max(len(gone), len(come))):
            a = gone[i] if i < len(gone) else None
            b = come[i] if i < len(come) else None
            told = b or gone[i]
            detail = b.detail if b else f"no longer: {told.detail}"
            made.append(Change(told.subject, told.topic, a.id if a else None, b.id if b else None, detail))
        made += [
            Change(each.subject, each.topic, ident, ident, f"{was[ident].record} -> {each.record}")
            for ident, each in is_now.items()
            if ident in was and each.record != was[ident].record and each.check not in {"smtp", "tls", "blocklist"}
        ]
    return made


def compare_and_save(checked: list[Checked], when: str | None, *, save: bool) -> list[str]:
    """Set `since` on each check where `when` is given, and keep it where told; returns what there is to say of it."""
    told: list[str] = []
    at = moment(when, datetime.now(UTC)) if when is not None else None
    for each in checked:
        if when is not None:
            each.since = since(each, at)
            if each.since is None:
                told.append(f"no saved check of {each.name} to compare with: --save keeps one")
        if save:
            keep(each)
    return told
