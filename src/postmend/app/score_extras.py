"""What `postmend score` does besides scoring one message: a corrected copy, a picture, a listener."""

import asyncio
import base64
import contextlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from postmend.app.score import Scorer
from postmend.app.score_out import Before, Scored
from postmend.intake.message import read_message
from postmend.model import ParseError
from postmend.model.errors import in_words, unwritable
from postmend.model.message import Message
from postmend.model.spam import Envelope
from postmend.remedy.message import correct

_MOST_PICTURES = 8 << 20  # bytes of pictures attached to the HTML


async def apply_corrections(scorer: Scorer, raw: bytes, source: str, target: Path) -> Scored:
    """Write a corrected copy to `target` and score both; the result is the copy's, with the `before` of the first.

    Raises ParseError where the file cannot be written. The original is never touched.
    """
    _not_itself(target, source)
    first = await scorer.score(raw, source)
    corrected, done = correct(read_message(raw), datetime.now(UTC), uuid.uuid4().hex)
    _write("--apply", target, corrected)
    after = await scorer.score(corrected, str(target))
    left = {each.id for each in after.findings}
    scores = {each.filter: each.counted for each in first.filters if each.counted is not None}
    mended = [each.id for each in first.findings if each.id not in left]
    return msgspec.structs.replace(after, applied=list(done), before=Before(first.taken, first.because, scores, mended))


def _not_itself(target: Path, source: str) -> None:
    same = False
    with contextlib.suppress(OSError):  # one of them is not there
        same = target.samefile(source)
    if same:
        raise ParseError(f"--apply {target}: this is the message itself; name another file")


def _write(option: str, target: Path, data: bytes) -> None:
    try:
        target.write_bytes(data)
    except OSError as error:
        raise unwritable(f"{option} {target}", error) from error


async def preview(raw: bytes, target: Path) -> None:
    """Render the HTML of a message to a PNG file, remote content blocked; ParseError where it has none."""
    from postmend.net.browser import render_page

    message = read_message(raw)
    pages = message.texts("text/html")
    if not pages:
        raise ParseError(f"--preview {target}: the message has no HTML")
    _write("--preview", target, await render_page(_with_pictures(pages[0].text, message)))


def _with_pictures(html: str, message: Message) -> str:
    """`cid:` links replaced by the attached pictures: those are in the message, nothing is fetched for them."""
    for part in message.parts:
        ident = next((each.value.strip("<> ") for each in part.fields if each.key == "content-id"), "")
        if ident and part.type.startswith("image/") and len(part.data) <= _MOST_PICTURES:
            data = base64.b64encode(part.data).decode()
            html = html.replace(f"cid:{ident}", f"data:{part.type};base64,{data}")
    return html


async def listen(scorer: Scorer, where: str, show: Callable[[Scored], None], say: Callable[[str], None]) -> None:
    """Take messages over SMTP on loopback until cancelled; each is scored with the envelope it came with."""
    from postmend.net.smtpd import Received, parse_listen, serve_smtp

    count = 0

    async def take(mail: Received) -> str:
        nonlocal count
        count += 1
        given = Envelope(helo=mail.helo, mail_from=mail.mail_from, rcpt=tuple(mail.rcpt))
        try:
            made = await scorer.score(mail.raw, f"smtp#{count}", given)
        except ParseError as error:
            return f"554 5.6.0 {error}"
        show(made)
        return f"250 2.0.0 {made.taken}" + (f" because of {', '.join(made.because)}"[:400] if made.because else "")

    host, port = parse_listen(where)
    try:
        server = await serve_smtp(host, port, take)
    except OSError as error:
        raise ParseError(f"--listen {where}: {in_words(error)}") from error
    host, port = server.sockets[0].getsockname()[:2]
    say(f"listening on {host}:{port}; Ctrl-C ends it")
    async with server:
        await asyncio.Event().wait()
