"""A machine for one server: own root file system (an overlay), own processes, and a network that may be shared.

Nothing on the host changes: what a machine writes is in memory and gone with it. Killing the one process that holds
it ends everything in it. It needs root (or the right to mount); `available` says so.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.packages import Unavailable, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Lays the packages' folders over this machine's /usr, /etc and /var, gives it its own /proc, and says when it is there.
_SETUP = """
set -e
base="$1"; shift
mount -t tmpfs -o mode=0755 tmpfs "$base"
mkdir "$base/root"
for top in usr etc var; do
    lower="/$top"
    for tree in "$@"; do [ -d "$tree/$top" ] && lower="$tree/$top:$lower"; done
    mkdir -p "$base/upper/$top" "$base/work/$top" "$base/root/$top"
    mount -t overlay overlay -o "lowerdir=$lower,upperdir=$base/upper/$top,workdir=$base/work/$top" "$base/root/$top"
done
for link in bin sbin lib lib64; do
    if [ -h "/$link" ]; then cp -P "/$link" "$base/root/$link"
    elif [ -d "/$link" ]; then mkdir "$base/root/$link"; mount --rbind "/$link" "$base/root/$link"; fi
done
cd "$base/root"
mkdir proc dev run tmp home root
chmod 1777 tmp
mount -t proc proc proc
mount --rbind /dev dev
rm -rf var/run var/lock
ln -s /run var/run
: >.machine
echo ready
exec chroot . sleep infinity
"""
_USERS = (
    "postfix:101:postdrop,sasl", "exim:102:", "Debian-exim:103:", "opensmtpd:104:", "opensmtpq:105:", "dovecot:106:",
    "dovenull:107:", "vmail:108:", "nsd:109:", "unbound:110:", "rbldns:111:", "opendkim:112:", "opendmarc:113:",
    "_rspamd:114:", "debian-spamd:115:", "postgrey:116:", "policyd-spf:117:", "anna:1001:", "boris:1002:",
)  # fmt: skip
_WITH_US = ("setpriv", "--pdeathsig", "KILL")  # whatever becomes of the tests, nothing of theirs stays
_BASE_UID = 200_000
_POLL_S = 0.02


def why_not() -> str:
    """Why machines cannot be had here; empty where they can."""
    missing = [
        tool for tool in ("unshare", "nsenter", "setpriv", "mount", "chroot", "ip") if shutil.which(tool) is None
    ]
    if missing:
        return f"no {', '.join(missing)} here"
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True, check=False
    )
    return f"machines need the right to make namespaces: {done.stderr.strip()}" if done.returncode else ""


class Machine:
    """One machine. `groups` are package groups, `network` the pid of a process in whose network it lives."""

    def __init__(self, folder: Path, groups: Sequence[str], network: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._spawned: list[subprocess.Popen[bytes]] = []
        self._init = 0
        trees = [str(tree(group)) for group in groups]
        enter = [] if network is None else ["nsenter", f"--net=/proc/{network}/ns/net"]
        mounts = folder / "mounts"
        mounts.mkdir(exist_ok=True)
        self._holder = subprocess.Popen(
            [
                *_WITH_US, *enter, "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--propagation",
                "private", "sh", "-c", _SETUP, "machine", str(mounts), *trees,
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        said = self._holder.stdout.readline()
        if said.strip() != "ready":
            self.stop()
            raise Unavailable(f"no machine: {said.strip()}")
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()
        self._init = int(children[0])
        # Not before its root is its own: what is written until then would land in this machine's /etc.
        wait_for((self.root / ".machine").exists, "its root")
        self._add_users()

    @property
    def root(self) -> Path:
        """Its root file system, as the tests see it."""
        return Path(f"/proc/{self._init}/root")

    def write(self, path: str, text: str | bytes, *, mode: int = 0o644, user: str = "") -> Path:
        """Write a file in it, folders made."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        target.chmod(mode)
        if user:
            os.chown(target, *self.ids(user))
        return target

    def mkdir(self, path: str, *, mode: int = 0o755, user: str = "") -> None:
        """Make a folder in it."""
        target = self.root / path.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(mode)
        if user:
            os.chown(target, *self.ids(user))

    def read(self, path: str) -> str:
        """The text of a file in it; empty where there is none."""
        target = self.root / path.lstrip("/")
        return target.read_text(errors="replace") if target.exists() else ""

    def ids(self, user: str) -> tuple[int, int]:
        """A user's uid and gid in it."""
        fields = next(line.split(":") for line in self.read("/etc/passwd").splitlines() if line.startswith(user + ":"))
        return int(fields[2]), int(fields[3])

    def command(self, *words: str) -> list[str]:
        """The command line that runs `words` in it."""
        return [
            "nsenter",
            f"--target={self._init}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--root",
            "--wd",
            *words,
        ]

    def run(self, *words: str, given: str | bytes = b"", check: bool = True, timeout_s: float = 60) -> str:
        """Run a command in it to its end and return what it printed."""
        raw = given if isinstance(given, bytes) else given.encode()
        done = subprocess.run(
            self.command(*words), input=raw, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout_s,
            check=False,
        )  # fmt: skip
        text = done.stdout.decode(errors="replace")
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.returncode}: {text[-2000:]}")
        return text

    def spawn(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start a server that stays in the foreground; what it prints goes to `NAME.log` (see `log`)."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._spawned.append(process)
        return process

    def log(self, name: str) -> str:
        """What a spawned server printed."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """End everything in it."""
        self._holder.kill()
        self._holder.wait()
        for process in self._spawned:
            process.wait()
        if self._init:
            wait_for(lambda: not Path(f"/proc/{self._init}").exists(), "the machine's end")
        if self._holder.stdout:
            self._holder.stdout.close()

    def _add_users(self) -> None:
        passwd, group = self.read("/etc/passwd"), self.read("/etc/group")
        for entry in _USERS:
            name, number, groups = entry.split(":")
            ident = _BASE_UID + int(number)
            if f"\n{name}:" not in passwd:
                passwd += f"{name}:x:{ident}:{ident}::/home/{name}:/bin/sh\n"
                group += f"{name}:x:{ident}:\n"
            for extra in filter(None, groups.split(",")):
                if f"\n{extra}:" not in group:
                    group += f"{extra}:x:{ident + 1000}:\n"
        self.write("/etc/passwd", passwd)
        self.write("/etc/group", group)


def new_network(folder: Path) -> subprocess.Popen[bytes]:
    """A network of its own with nothing but loopback; it lives as long as the process."""
    holder = subprocess.Popen([*_WITH_US, "unshare", "--net", "--kill-child", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
                              stdout=subprocess.PIPE, cwd=folder)  # fmt: skip
    assert holder.stdout is not None
    if holder.stdout.readline().strip() != b"up":
        raise Unavailable("no network namespace can be made here")
    return holder


def wait_for(ready: Callable[[], bool], what: str, *, timeout_s: float = 60, log: Callable[[], str] = str) -> None:
    """Wait until `ready()` holds; an OSError counts as "not yet". Raises TimeoutError with the log's end."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            if ready():
                return
        except (OSError, EOFError):
            pass
        time.sleep(_POLL_S)
    raise TimeoutError(f"waited {timeout_s:g} s for {what}; {log()[-2000:]}")


def greets(address: str, port: int, expect: bytes = b"220") -> bool:
    """Whether a server there answers a whole round trip: its greeting, then QUIT."""
    with socket.create_connection((address, port), timeout=5) as sock:
        sock.settimeout(5)
        head = b""
        while b"\n" not in head and select.select([sock], [], [], 5)[0]:
            piece = sock.recv(1024)
            if not piece:
                return False
            head += piece
        sock.sendall(b"QUIT\r\n")
        return head.startswith(expect) and bool(sock.recv(1024))
