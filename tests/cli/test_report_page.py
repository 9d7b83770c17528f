"""The page of `postmend report` in a browser: it stands alone, shows hostile text as text, and fits a phone."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from postmend.net.browser import find_chromium
from tests.conftest import require
from tests.traffic.generator import START, Mail, Postfix
from tests.traffic.test_reports import dmarc

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.servers, pytest.mark.heavy]

LONG = "2001:db8:1234:5678:9abc:def0:1234:5678"
OVERFLOWING = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    || (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX != 'visible')).map(e => e.outerHTML.slice(0, 90))"""
DRAWN = """[...document.querySelectorAll('svg.plot')].filter(e => e.getBoundingClientRect().width > 0)
    .map(e => [...e.querySelectorAll('rect')].filter(r => r.getBoundingClientRect().width >= 0.5).length)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


def write_report(folder: Path, url: str) -> Path:
    """A log in which everything that others choose is HTML, and a DMARC report of the same kind."""
    hostile = f'<script>fetch("{url}s")</script><img src={url}i onerror=alert(1)>'
    writer = Postfix()
    for i in range(400):
        at = START + timedelta(minutes=17 * i)
        account = f'"{hostile}"@{"x" * 60}.example' if i % 5 == 0 else f"user{i % 30}@example.com"
        writer.write(
            Mail(at, account, account, [(f"<b>r{i}</b>@d{i % 40}.example.net", "unknown" if i % 9 == 0 else "ok")])
        )
    (folder / "mail.log").write_bytes(writer.text().replace(b"User unknown", f"User unknown {hostile}".encode()))
    rows = [("192.0.2.1", 90, "pass", "pass", "example.com"), (LONG, 4000, "fail", "fail", "sendgrid.net")]
    (folder / "dmarc.xml").write_bytes(
        dmarc(rows).replace(b"receiver.example</org", f"<![CDATA[{hostile}]]></org".encode())
    )
    target = folder / "page.html"
    words = [sys.executable, "-m", "postmend", "report", str(folder), "--html", str(target)]
    assert subprocess.run(words, capture_output=True, check=False).returncode in {0, 1}
    return target


def opened(browser: Browser, path: Path, width: int, scheme: str, heard: list[str]) -> Page:
    """The page with everything folded out; what it says, asks for or breaks is heard."""
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(path.as_uri(), wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return page


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that nobody may ask anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def url_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page(browser: Browser, listener: socket.socket, tmp_path: Path, width: int, scheme: str) -> None:
    path = write_report(tmp_path, url_of(listener))
    heard: list[str] = []
    page = opened(browser, path, width, scheme, heard)
    assert heard == [path.as_uri()]
    assert [page.locator(made).count() for made in ("script", "img", "b > b")] == [0, 0, 0]
    assert "<script>fetch(" in page.inner_text("body")
    assert page.evaluate(OVERFLOWING) == []
    plots = page.evaluate(DRAWN)
    assert len(plots) == 2  # by day, and the heat map: each once, in the width that fits
    assert min(plots) >= 10  # of five days what was delivered and what bounced
    page.context.close()


def test_the_policy_stops_what_would_get_through(browser: Browser, listener: socket.socket, tmp_path: Path) -> None:
    """Were a value not escaped one day, still nothing would run or load."""
    path = write_report(tmp_path, url_of(listener))
    through = (
        f'<script>document.title = "x"</script><img src="{url_of(listener)}"><style>body {{ display: none }}</style>'
    )
    path.write_text(path.read_text().replace("<footer>", f"<footer>{through}"))
    page = opened(browser, path, 1280, "light", [])
    assert page.title() == "Mail report"
    assert page.locator("footer").is_visible()
    page.context.close()
