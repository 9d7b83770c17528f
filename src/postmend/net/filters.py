"""Rspamd and SpamAssassin started for one run, from Debian's packages: private configuration, loopback, no root.

Everything they write lies in a folder of their own that goes with them, but for Rspamd's compiled patterns
(90 MB, eight seconds of work), which stay in the cache directory. Stopped by process group: children too.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from postmend.net.rspamd import ping_rspamd
from postmend.net.spamd import ping_spamd

Server = tuple[str, int]
RSPAMD, SPAMASSASSIN = "rspamd", "spamassassin"
_PROGRAMS = {RSPAMD: "rspamd", SPAMASSASSIN: "spamd"}
_USERS = {RSPAMD: "_rspamd", SPAMASSASSIN: "debian-spamd"}
_START_S = 60.0  # the first start of Rspamd compiles its patterns
_STOP_S = 5.0
# What asks the network, and so means nothing and costs seconds where no name server answers.
_NEEDS_DNS = ("rbl", "spf", "dkim", "dmarc", "arc", "hfilter", "mx_check", "asn")
_NEVER = ("fuzzy_check", "rspamd_update", "neural", "greylist", "ratelimit", "dkim_signing", "history_redis", "bimi")

_RSPAMD_CONF = """\
.include "$CONFDIR/common.conf"
options {{
    pidfile = "$RUNDIR/rspamd.pid";
    .include "$CONFDIR/options.inc"
    .include(priority=10) "$LOCAL_CONFDIR/local.d/options.inc"
}}
logging {{ type = "file"; filename = "$LOGDIR/rspamd.log"; level = "error"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; mime = true; count = {workers}; }}
"""
_RSPAMD_OPTIONS = """\
filters = "{filters}";
hs_cache_dir = "{cache}/";
disable_hyperscan = true;
rrd = "";
history_rows = 1;
dns {{ nameserver = [{servers}]; timeout = {timeout}; retransmits = 2; }}
"""


def find_program(name: str) -> str:
    """Where a filter's server is, or an empty string where it is not installed."""
    return shutil.which(_PROGRAMS[name]) or shutil.which(_PROGRAMS[name], path="/usr/sbin:/usr/local/sbin") or ""


@asynccontextmanager
async def start_filter(name: str, resolvers: list[Server], workers: int = 2) -> AsyncIterator[Server]:
    """Run a filter on a free loopback port while the block runs; `resolvers` empty: it asks no DNS.

    Raises OSError where it does not come up, with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="postmend-filter-", ignore_cleanup_errors=True) as folder:
        port = _free_port()
        make = _rspamd if name == RSPAMD else _spamd
        words = make(Path(folder), port, resolvers, workers)
        if os.geteuid() == 0:
            shutil.chown(folder, _USERS[name])
        log = Path(folder, "said")
        process = await _run(words, folder, log)
        try:
            ping: Callable[[Server, float], Awaitable[bool]] = ping_rspamd if name == RSPAMD else ping_spamd
            await _until_up(process, ("127.0.0.1", port), ping, log)
            yield "127.0.0.1", port
        finally:
            await _stop(process)


async def _run(words: list[str], folder: str, log: Path) -> asyncio.subprocess.Process:
    """A process in a group of its own, what it says going to a file: nobody reads a pipe of it."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=handle, stderr=handle, cwd=folder, start_new_session=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder, "TMPDIR": folder, "LANG": "C"},
        )  # fmt: skip
    finally:
        os.close(handle)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _cache() -> Path:
    """Where compiled patterns stay from run to run; the user's own, or the system's Rspamd user's for root."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(home) / "postmend" / "rspamd"
    path.mkdir(parents=True, exist_ok=True)
    return path


def _rspamd(folder: Path, port: int, resolvers: list[Server], workers: int) -> list[str]:
    local = folder / "local.d"
    local.mkdir()
    for module in _NEVER + (() if resolvers else _NEEDS_DNS):
        (local / f"{module}.conf").write_text("enabled = false;\n", encoding="ascii")
    if not resolvers:
        (local / "phishing.conf").write_text("phishtank_enabled = false;\n", encoding="ascii")
    servers = ", ".join(f'"{host if ":" not in host else f"[{host}]"}:{port_}"' for host, port_ in resolvers)
    conf = folder / "rspamd.conf"
    conf.write_text(_RSPAMD_CONF.format(port=port, workers=workers), encoding="utf-8")
    filters = "chartable,dkim,regexp" if resolvers else "chartable,regexp"
    # Where nobody answers, what still asks (a plug-in of the operator's) must not wait for it.
    servers, timeout = (servers, "1s") if resolvers else ('"127.0.0.1:1"', "0.05s")
    options = _RSPAMD_OPTIONS.format(filters=filters, cache=_cache(), servers=servers, timeout=timeout)
    (local / "options.inc").write_text(options, encoding="utf-8")
    rooted = ["-u", _USERS[RSPAMD], "-g", _USERS[RSPAMD]] if os.geteuid() == 0 else []
    places = [f"--var={name}={folder}" for name in ("DBDIR", "RUNDIR", "LOGDIR", "LOCAL_CONFDIR")]
    return [find_program(RSPAMD), "-f", *rooted, "-c", str(conf), *places]


def _spamd(folder: Path, port: int, resolvers: list[Server], workers: int) -> list[str]:
    words = [
        find_program(SPAMASSASSIN), "-i", "127.0.0.1", "-p", str(port), "-x", "--syslog=stderr",
        f"--max-children={workers}", f"--min-children={workers}", f"--min-spare={workers}", f"--max-spare={workers}",
        "--max-conn-per-child=1000", f"--helper-home-dir={folder}", "--cf=use_bayes 0", "--cf=use_auto_welcomelist 0",
    ]  # fmt: skip
    if os.geteuid() == 0:
        words += ["-u", _USERS[SPAMASSASSIN], "-g", _USERS[SPAMASSASSIN]]
    if not resolvers:
        return [*words, "-L"]
    return [*words, "--cf=dns_available yes", *(f"--cf=dns_server {_bracketed(each)}" for each in resolvers)]


def _bracketed(server: Server) -> str:
    return f"[{server[0]}]:{server[1]}"


async def _until_up(
    process: asyncio.subprocess.Process, server: Server, ping: Callable[[Server, float], Awaitable[bool]], log: Path
) -> None:
    """Wait for a whole round trip of its protocol, as long as it lives."""
    end = asyncio.get_running_loop().time() + _START_S
    while process.returncode is None and asyncio.get_running_loop().time() < end:
        if await ping(server, 1.0):
            return
        await asyncio.sleep(0.05)
    raise OSError(f"it did not start: {_last_line(log)}")


def _last_line(log: Path) -> str:
    said = log.read_text("utf-8", "replace").strip().splitlines()
    return said[-1][:200] if said else "it said nothing"


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the whole group, kindly and then not; also while being cancelled."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await process.wait()
                break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
