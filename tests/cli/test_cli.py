"""The command as its users meet it: a process, its output and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unicodedata import east_asian_width

import jsonschema
import msgspec
import pytest

from tests.conftest import ROOT
from tests.dnslab import Zone, serve

POSTMEND = str(Path(sys.executable).with_name("postmend"))
SAMPLE = "samples/bounce-barracuda.eml"


def run(*words: str, given: bytes | None = None, **environ: str) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, **environ}
    return subprocess.run(
        [POSTMEND, *words], input=given or b"", capture_output=True, cwd=ROOT, env=env, timeout=60, check=False
    )


def schema(name: str) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((ROOT / "docs" / "schema" / name).read_bytes())
    return loaded


def test_json_holds_its_schema() -> None:
    done = run("explain", "--offline", "--json", "samples")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["source"] for line in lines} >= {SAMPLE, "samples/postfix.log"}
    for line in lines:
        jsonschema.validate(line, schema("explain.v1.json"))
        for failure in line["failures"]:
            assert failure["plan"]
            assert "{" not in json.dumps([step["do"] for step in failure["plan"]])


def test_schema_files_are_those_of_the_code() -> None:
    from postmend.app.schemas import schemas

    for name, data in schemas().items():
        assert (ROOT / "docs" / "schema" / name).read_bytes() == data, "run: python -m tools.schema"


def test_report_in_a_pipe_is_plain_and_narrow() -> None:
    done = run("explain", "--offline", SAMPLE)
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "\x1b" not in text
    assert "recipient_filter" in text
    assert "What to do" in text
    assert max(len(line) for line in text.splitlines() if "http" not in line and "then:" not in line) <= 80


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("text", ["", "550 5.1.1 " + "宛先のメールアドレスが存在しません。" * 8, "550 " + "x" * 300])
def test_report_fits_the_columns(columns: int, text: str) -> None:
    words = ("--text", text) if text else (SAMPLE,)
    done = run("explain", "--offline", *words, COLUMNS=str(columns))
    lines = [line for line in done.stdout.decode().splitlines() if "http" not in line and "then:" not in line]
    assert max(sum(2 if east_asian_width(c) in "WF" else 1 for c in line) for line in lines) <= columns


def test_terminal_escapes_of_a_reply_are_taken_out() -> None:
    done = run("explain", "--offline", "--text", "550 5.1.1 \x1b]0;owned\x07 user unknown \x9b31m \u202e")
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(done.stdout.decode())


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        (("explain", "missing.eml"), b"", "missing.eml: no such file"),
        (("explain", "--offline"), b"", "empty"),
        (("explain", "--offline"), b"\0\1\2\3" * 100, "binary"),
        (("explain", "--offline"), b"just some words\n", "no mail"),
        (("explain", "--resolver", "nonsense", "--text", "550 no"), b"", "resolver 'nonsense'"),
        (("explain", "--config", "missing.toml", "--text", "550 no"), b"", "missing.toml"),
        (("explain", "--ip", "999.1.1.1", "--text", "550 no"), b"", "--ip"),
        (("explain", "--deadline", "-1", "--text", "550 no"), b"", "deadline"),
        (("nonsense",), b"", "No such command"),
        (("classify", "missing.txt"), b"", "missing.txt"),
        (("classify", "samples"), b"", "not a folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words: tuple[str, ...], given: bytes, told: str) -> None:
    done = run(*words, given=given)
    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert done.stdout == b""


def test_in_a_folder_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes((ROOT / SAMPLE).read_bytes())
    (tmp_path / "b.eml").write_bytes(b"")
    (tmp_path / "c.eml").write_bytes((ROOT / "samples" / "bounce-exim.eml").read_bytes())
    done = run("explain", "--offline", "--json", str(tmp_path))
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    assert "b.eml: empty" in done.stderr.decode()
    assert "1 input could not be read" in done.stderr.decode()


def test_what_can_not_be_read_costs_only_itself(tmp_path: Path) -> None:
    mail = (ROOT / SAMPLE).read_bytes()
    (tmp_path / "a.mbox").write_bytes(b"From x y\n" + mail + b"\nFrom x y\n\0\0\n\n" + b"From x y\n" + mail)
    (tmp_path / "b.eml").symlink_to("nowhere")
    os.mkfifo(tmp_path / "c.eml")
    (tmp_path / "inside" / "cur").mkdir(parents=True)
    (tmp_path / "inside" / "tmp").mkdir()
    (tmp_path / "inside" / "cur" / "1:2,S").write_bytes(mail)
    (tmp_path / "inside" / "tmp" / "half").write_bytes(mail[:99])
    (tmp_path / "inside" / "dovecot.index").write_bytes(b"\0" * 99)
    (tmp_path / "inside" / "again").symlink_to(tmp_path)
    (tmp_path / os.fsdecode(b"\xff\x1b.eml")).write_bytes(b"hello\n")
    done = run("explain", "--offline", "--json", str(tmp_path))
    sources = [json.loads(line)["source"].removeprefix(f"{tmp_path}/") for line in done.stdout.splitlines()]
    assert sources == ["a.mbox#1", "a.mbox#3", "inside/cur/1:2,S"]
    told = done.stderr.decode()
    assert "a.mbox#2: " in told
    assert "2 inputs could not be read" in told
    assert "\x1b" not in told
    assert done.returncode == 0


def test_a_long_mailbox_in_a_pipe() -> None:
    mail = b"From x y\n" + (ROOT / SAMPLE).read_bytes() + b"\n"
    done = run("explain", "--offline", "--json", given=mail * 3 + b"y" * (20 << 20) + b"\n\n" + mail)
    assert [json.loads(line)["source"] for line in done.stdout.splitlines()] == [f"-#{n}" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("where", ["/proc/self/mem", "/dev/zero"])
def test_devices_are_told(where: str) -> None:
    if not Path(where).exists():
        pytest.skip(f"no {where}")
    done = run("explain", "--offline", where)
    assert done.returncode == 2
    assert f"{where}: cannot be read" in done.stderr.decode()


def test_classify_answers_line_for_line() -> None:
    lines = (
        b"550 5.1.1 no such user\n"
        b'{"text": "452 4.2.2 mailbox full", "provider": null}\n'
        b'{"txt": 1}\n'
        b'{"text": "554 5.7.1 blocked using zen.spamhaus.org", "stage": "rcpt", "remote_mta": "mx.example.net"}\n'
    )
    done = run("classify", "-", given=lines)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["cause"] for a in answers] == ["user_unknown", "mailbox_full", "unknown", "blocklisted_ip"]
    assert [a["address"] for a in answers] == ["suppress", "retry", "keep", "keep"]
    assert done.returncode == 2
    assert "line 3" in done.stderr.decode()
    for answer in answers:
        jsonschema.validate(answer, schema("classify.v1.json"))


def test_classify_goes_on_after_hostile_lines() -> None:
    lines = [
        b"A" * 3_000_000,
        b'{"text": "' + b"x" * 3_000_000 + b'"}',
        b"\0 452 mailbox full \0",
        b"\xff\xfe",
        b"{" * 9999,
    ]
    done = run("classify", given=b"\n".join([*lines, b"550 5.1.1 no such user"]))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [("error" in a) for a in answers] == [False, True, False, False, True, False]
    assert [answers[n]["cause"] for n in (2, 5)] == ["mailbox_full", "user_unknown"]
    assert answers[5]["sisimai"] == "userunknown"
    assert done.returncode == 2
    assert b"2 of 6 lines could not be read" in done.stderr
    assert b"\r" not in done.stderr  # no progress in a pipe


def test_closed_pipe_is_quiet() -> None:
    script = f"{POSTMEND} explain --offline --json {' '.join([SAMPLE] * 200)} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""
    assert done.returncode == 128 + signal.SIGPIPE


def test_silent_lists_are_one_line() -> None:
    with serve({"*.com": [("TIMEOUT", "")], "*.net": [("TIMEOUT", "")], "*.org": [("TIMEOUT", "")]}) as (resolver, _):
        done = run("explain", "--no-smtp", "--resolver", resolver, "--deadline", "5", "samples/bounce-exim.eml")
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert text.count("did not answer") <= 3, text
    assert "lists did not answer" in text


def test_the_deadline_counts_from_the_start_of_the_command() -> None:
    words = ("explain", "--no-smtp", "--no-local", "--deadline", "6", "--json", SAMPLE)
    with serve({f"*.{top}": [("TIMEOUT", "")] for top in ("com", "net", "org", "arpa")}) as (resolver, _):
        start = time.monotonic()
        done = run(*words, "--resolver", resolver)
        took_s = time.monotonic() - start
    assert took_s < 6
    assert json.loads(done.stdout)["failures"][0]["not_asked"]


def test_ctrl_c_is_quiet() -> None:
    zone: Zone = {f"*.{top}": [("TIMEOUT", "")] for top in ("com", "net", "org", "arpa")}
    with serve(zone) as (resolver, names):
        words = [POSTMEND, "explain", "--resolver", resolver, "--deadline", "30", SAMPLE]
        with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            while not names.asked and process.poll() is None:  # it waits for an answer from then on
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"Traceback" not in errors


@pytest.mark.parametrize("command", ["explain", "classify", "rules", "check"])
def test_help(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert b"--resolver" in done.stdout


def test_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "postmend.toml"
    file.write_text("[dns]\nresolvr = 1\n")
    done = run("explain", "--config", str(file), "--text", "550 no such user")
    assert done.returncode == 2
    assert "resolvr" in done.stderr.decode()


def test_every_setting_is_described() -> None:
    from postmend.app.settings import _File

    text = (ROOT / "docs" / "settings.md").read_text()
    for field in msgspec.structs.fields(_File):
        inner = getattr(field.type, "__struct_fields__", ())
        for name in [f"{field.name}.{each}" for each in inner] or [field.name]:
            assert f"`{name}`" in text
