"""HTML rendered to a picture by headless Chromium, with everything remote blocked: nothing is fetched, no script runs.

Three walls, any of which would do: a Content-Security-Policy in the page that lets nothing load and nothing run, names
that resolve to nothing, and a proxy that is not there (for loopback too). Chromium comes from Debian's package;
without it there is one clear line.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from pathlib import Path

from postmend.model import ParseError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_TIMEOUT_S = 30.0
_WIDTH = 700
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_FLAGS = (
    "--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions", "--mute-audio",
    "--disable-background-networking", "--disable-sync", "--disable-component-update", "--disable-default-apps",
    "--no-default-browser-check", "--disable-dev-shm-usage", "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:1",
)  # fmt: skip


def find_chromium() -> str:
    """Where Chromium is; raise ParseError where it is not."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise ParseError("--preview needs Chromium: install Debian's package chromium")


async def render_page(html: str, target: Path, height: int) -> None:
    """Render HTML to a PNG file of 700 pixels by `height`; raise ParseError where it does not work."""
    program = find_chromium()
    with tempfile.TemporaryDirectory(prefix="postmend-preview-", ignore_cleanup_errors=True) as folder:
        picture = Path(folder, "page.png")
        words = [
            program, *_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={folder}/profile",
            f"--window-size={_WIDTH},{height}", f"--screenshot={picture}", _page(folder, html),
        ]  # fmt: skip
        await _run(words, folder)
        _take(picture, target)


def _page(folder: str, html: str) -> str:
    page = Path(folder, "page.html")
    page.write_text(_guarded(html), encoding="utf-8", errors="replace")
    return page.as_uri()


def _take(picture: Path, target: Path) -> None:
    if not picture.exists():
        raise ParseError("--preview: Chromium drew nothing")
    try:
        shutil.move(picture, target)
    except OSError as error:
        raise ParseError(f"--preview {target}: {(error.strerror or str(error)).lower()}") from error


def _guarded(html: str) -> str:
    """The policy goes first: a page can only make it stricter."""
    return f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">{html}'


async def _run(words: list[str], folder: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"},
        start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await process.wait()
    except TimeoutError as error:
        raise ParseError(f"--preview: Chromium did not finish within {_TIMEOUT_S:g} s") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
