"""Whatever a person has, told apart and read: a mail, an mbox, log lines, an Outlook message, a pasted text."""

import mmap
import re
from collections.abc import Iterator

from postmend.intake.mail import read_mail
from postmend.intake.mbox import is_mbox, split_mbox
from postmend.intake.outlook import is_outlook, read_outlook
from postmend.intake.scan import UTF16, normalise
from postmend.model import Intake, Kind, ParseError

_HEADER = re.compile(rb"\s*(?:From |[A-Z][\w-]+: )")
_MOST = 8 << 20  # of one mail: a notice stands at its beginning, what was attached does not matter
_EXPECTED = "a bounce, an mbox, log lines or an SMTP reply was expected"


def read_any(raw: bytes | mmap.mmap, source: str = "-") -> Iterator[Intake]:
    """Read an input: one Intake for a mail, or for all log lines together; one for each mail of an mbox.

    Their `source` is `source#number` (in a .eml that holds several mails, its plain name). Raises ParseError, naming
    `source`, where nothing of use was found; in an mbox a mail that cannot be read is one Intake with its problem told.
    """
    if raw[:2] in UTF16:
        raw = bytes(raw[:_MOST]).decode("utf-16", "replace").encode()
    if len(raw) == 0 or not raw[:4096].strip():
        raise ParseError(f"{source}: empty; {_EXPECTED}")
    if is_mbox(raw):
        for number, one in enumerate(split_mbox(raw), 1):
            # What is called .eml is meant as one thing: its mails keep its name, and only an mbox numbers them.
            name = source if source.lower().endswith(".eml") else f"{source}#{number}"
            try:
                yield _read_one(one, name)
            except ParseError as error:
                yield Intake(name, Kind.NOT_A_BOUNCE, problems=(str(error),))
        return
    head = bytes(raw[:_MOST])
    if is_outlook(head):
        yield _read_one(read_outlook(bytes(raw), source), source)
        return
    if not _HEADER.match(head):
        from postmend.intake.log import looks_like_log, read_log

        if looks_like_log(head[:65536]):
            yield from read_log(raw, source)
            return
    yield _read_one(head, source)


def _read_one(raw: bytes, source: str) -> Intake:
    raw = normalise(raw[:_MOST])
    if raw.startswith((b"From ", b">From ")):
        _, _, rest = raw.partition(b"\n")
        raw = rest if b":" in rest[:200] else raw
    if not raw or raw.isspace():
        raise ParseError(f"{source}: empty; {_EXPECTED}")
    if raw[:4096].count(0) > 40:
        raise ParseError(f"{source}: binary data; {_EXPECTED}")
    mail = read_mail(raw, source)
    if mail is not None:
        return mail
    from postmend.intake.pasted import read_pasted

    return read_pasted(raw, source)
