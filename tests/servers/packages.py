"""Debian packages that exclude each other, side by side: downloaded once, unpacked into `build/servers/GROUP`.

Postfix, Exim and OpenSMTPD conflict as packages, so none is installed: `apt-get` resolves and downloads what a group
needs beyond what this machine has, `dpkg -x` unpacks it, and a `Machine` lays the folder over the root file system.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / "build" / "servers"
GROUPS = {
    "postfix": ("postfix", "postfix-pcre", "postfix-policyd-spf-python", "postgrey", "libsasl2-modules"),
    "exim": ("exim4-daemon-heavy",),
    "opensmtpd": ("opensmtpd",),
    "filters": ("opendkim", "opendmarc"),
    "dovecot": ("dovecot-core", "dovecot-lmtpd"),
    "names": ("rbldnsd", "nsd", "unbound"),
    "limits": ("postfwd",),
    "rspamd": ("rspamd", "redis-server"),
    "spamassassin": ("spamassassin", "spamd", "spamc", "spamass-milter"),
}


class Unavailable(Exception):  # noqa: N818  it ends in a skip, not in an error
    """A group's packages cannot be had here; the message says why."""


def tree(group: str) -> Path:
    """The folder with the unpacked packages of a group, made at first use. Raises Unavailable."""
    done = CACHE / group / ".complete"
    if done.exists():
        return done.parent
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise Unavailable("the servers come from Debian's packages, and there is no apt-get here")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{group}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _fetch(group, CACHE / group)
            done.touch()
    return done.parent


def _fetch(group: str, folder: Path) -> None:
    archives = CACHE / f"{group}.debs"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    get = [
        "apt-get", "-y", "-qq", "--no-install-recommends", "--download-only", "-o", "DPkg::Lock::Timeout=600",
        "-o", f"Dir::Cache::archives={archives}", "-o", "APT::Sandbox::User=root", "install", *GROUPS[group],
    ]  # fmt: skip
    for attempt in range(2):
        done = subprocess.run(get, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}, check=False)
        if done.returncode == 0:
            break
        if attempt:
            raise Unavailable(f"{group}: {(done.stderr or done.stdout).strip()[-300:]}")
        subprocess.run(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600", "update"], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for deb in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(deb), str(folder)], check=True)
    shutil.rmtree(archives)
    # Debian's /lib is a link into /usr: a folder of that name laid over it would hide what is there.
    for name in ("bin", "sbin", "lib", "lib64"):
        if (folder / name).is_dir() and Path("/", name).is_symlink():
            shutil.copytree(folder / name, folder / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(folder / name)
