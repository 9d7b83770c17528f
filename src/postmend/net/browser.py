"""HTML rendered to a picture by headless Chromium, with everything remote blocked: nothing is fetched, no script runs.

Three walls, any of which would do: a Content-Security-Policy in the page that lets nothing load and nothing run, names
that resolve to nothing, and a proxy that is not there (for loopback too). Chromium comes from Debian's package;
without it there is one clear line.
"""

import asyncio
import base64
import os
import shutil
import tempfile
from pathlib import Path

import msgspec

from postmend.model import ParseError
from postmend.net.devtools import DevTools, browse

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_TIMEOUT_S = 30.0
_WIDTH = 700
_WINDOW = 600  # pixels: what `vh` is measured by
_HIGHEST = 6000
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-extensions", "--mute-audio", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-default-apps", "--no-default-browser-check", "--disable-dev-shm-usage",
    "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:1",
)  # fmt: skip


def find_chromium() -> str:
    """Where Chromium is; raise ParseError where it is not."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise ParseError("--preview needs Chromium: install Debian's package chromium")


async def render_page(html: str) -> bytes:
    """Render HTML to a PNG, 700 pixels wide and as high as the page (at most 6,000); ParseError where that fails."""
    rooted = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="postmend-preview-", ignore_cleanup_errors=True) as folder:
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"}
        words = [find_chromium(), *_FLAGS, *rooted, f"--user-data-dir={folder}/profile", "about:blank"]
        try:
            async with asyncio.timeout(_TIMEOUT_S), browse(words, env) as browser:
                return await _picture(browser, _page(folder, html))
        except TimeoutError as error:
            raise ParseError(f"--preview: Chromium did not finish within {_TIMEOUT_S:g} s") from error
        except (EOFError, OSError, ValueError, LookupError, msgspec.MsgspecError) as error:
            raise ParseError(f"--preview: Chromium drew nothing ({str(error)[:120]})") from error


async def _picture(browser: DevTools, url: str) -> bytes:
    """The whole of a page, not what fits a window: a button far down is part of the mail."""
    tabs = (await browser.call("Target.getTargets"))["targetInfos"]
    (tab, *_) = [each["targetId"] for each in tabs if each["type"] == "page"]
    session = (await browser.call("Target.attachToTarget", targetId=tab, flatten=True))["sessionId"]
    size = {"width": _WIDTH, "height": _WINDOW, "deviceScaleFactor": 1, "mobile": False}
    await browser.call("Emulation.setDeviceMetricsOverride", session, **size)
    await browser.call("Page.enable", session)
    await browser.call("Page.navigate", session, url=url)
    await browser.event("Page.loadEventFired")
    content = (await browser.call("Page.getLayoutMetrics", session))["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": _WIDTH, "height": min(content["height"], _HIGHEST), "scale": 1}
    shot = await browser.call("Page.captureScreenshot", session, format="png", captureBeyondViewport=True, clip=clip)
    return base64.b64decode(shot["data"])


def _page(folder: str, html: str) -> str:
    page = Path(folder, "page.html")
    page.write_text(_guarded(html), encoding="utf-8", errors="replace")
    return page.as_uri()


def _guarded(html: str) -> str:
    """The policy goes first: a page can only make it stricter."""
    return f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">{html}'
