"""Attachments that receivers refuse or distrust: types, macros, archives that hide, names that lie. Nothing is run."""

import re
from collections.abc import Iterator

from postmend.evidence.content.archives import Archive, list_archive
from postmend.evidence.content.tell import found
from postmend.knowledge.attachments import attachment_kinds
from postmend.model import Finding
from postmend.model.message import Message, Part

_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_GAP = re.compile(r"\s{5,}")
_MAGIC = (
    (b"MZ", "exe"), (b"\x7fELF", "elf"), (b"%PDF-", "pdf"), (b"PK\x03\x04", "zip"), (b"\xd0\xcf\x11\xe0", "ole"),
    (b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF8", "gif"), (b"Rar!", "rar"), (b"7z\xbc\xaf", "7z"),
)  # fmt: skip
_VBA_NAMES = (b"_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0", b"V\0B\0A\0", b"M\0a\0c\0r\0o\0s\0")
_MACRO_ENDINGS = {"docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm"}
_SCRIPT = re.compile(rb"<script|\bon[a-z]{3,12}\s*=|javascript:", re.IGNORECASE)
_MOST_DEEP = 2  # archives in archives


def check_attachments(message: Message) -> tuple[Finding, ...]:
    """Findings `attachment.*`: one a kind and file."""
    told: dict[tuple[str, str], Finding] = {}
    for part in message.parts:
        if part.type.startswith(("multipart/", "message/")) or not part.attached:
            continue
        for finding in (*_name(part.filename), *_content(part)):
            told.setdefault((finding.id, finding.subject), finding)
    return tuple(told.values())


def _ending_of(name: str) -> str:
    """The ending of a file name in lower case, as Windows sees it: trailing dots and spaces do not count."""
    return name.rstrip(". \t").rpartition(".")[2].lower() if "." in name.rstrip(". ") else ""


def _name(name: str) -> Iterator[Finding]:
    kinds = attachment_kinds()
    plain = _BIDI.sub("", name)
    if plain != name:
        yield found("attachment.direction_marks", plain)
    ending = _ending_of(plain)
    if ending in kinds.refused:
        yield found("attachment.refused_type", plain, ending=ending)
    pieces = [piece.strip().lower() for piece in plain.rstrip(". ").split(".")]
    double = len(pieces) >= 3 and pieces[-2] in kinds.trusted and pieces[-1] in kinds.refused | kinds.distrusted
    if double or (_GAP.search(plain) and ending in kinds.refused):
        yield found("attachment.double_ending", plain, ending=ending)
    if ending in kinds.distrusted:
        yield found("attachment.distrusted_type", plain, ending=ending)


def _content(part: Part) -> Iterator[Finding]:
    name, data = part.filename or part.type, part.data
    kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")
    ending = _ending_of(part.filename)
    if kind in {"exe", "elf"} and ending not in attachment_kinds().refused:
        yield found("attachment.program_inside", name)
    elif kind in {"png", "jpg", "gif", "pdf"} and ending in {"png", "jpg", "jpeg", "gif", "pdf"} and (
        kind != ending.replace("jpeg", "jpg")
    ):  # fmt: skip
        yield found("attachment.not_what_it_says", name, kind=kind)
    if ending in _MACRO_ENDINGS or (kind == "ole" and any(each in data for each in _VBA_NAMES)):
        yield found("attachment.macros", name)
    if kind == "ole" and b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0" in data:
        yield found("attachment.encrypted", name)
    if kind == "pdf":
        yield from _pdf(name, data)
    if (ending == "svg" or part.type == "image/svg+xml") and _SCRIPT.search(data[:1_000_000]):
        yield found("attachment.svg_script", name)
    yield from _archive(name, data, ending)


def _pdf(name: str, data: bytes) -> Iterator[Finding]:
    if re.search(rb"/Encrypt\b", data[-65536:]):
        yield found("attachment.encrypted", name)
    if re.search(rb"/(?:JavaScript|JS|Launch)\b", data[:4_000_000]):
        yield found("attachment.pdf_script", name)


def _archive(name: str, data: bytes, ending: str) -> Iterator[Finding]:
    archive = list_archive(data, ending, _MOST_DEEP)
    if archive is None:
        return
    if archive.encrypted:
        yield found("attachment.encrypted", name)
    if any(each.lower().endswith("vbaproject.bin") for each in archive.names) and ending not in _MACRO_ENDINGS:
        yield found("attachment.macros", name)
    if archive.bomb:
        yield found("attachment.bomb", name, times=archive.bomb)
    yield from _inside(name, archive)


def _inside(name: str, archive: Archive) -> Iterator[Finding]:
    kinds = attachment_kinds()
    for each in archive.names:
        ending = _ending_of(each)
        if ending in kinds.refused:
            yield found("attachment.refused_inside", name, inside=each.rpartition("/")[2], ending=ending)
            return
