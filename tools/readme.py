"""Put the real output of the first command into README.md: `python -m tools.readme`. The tests compare."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BETWEEN = re.compile(r"<!-- sample -->.*?<!-- /sample -->", re.DOTALL)
_LINES = 22


def sample() -> str:
    """The beginning of the report that `make run` prints."""
    words = [str(Path(sys.executable).with_name("postmend")), "explain", "--offline", "samples/bounce-barracuda.eml"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603  our own command
    shown = "\n".join(f"    {line}".rstrip() for line in done.stdout.splitlines()[:_LINES])
    return f"<!-- sample -->\n\n{shown}\n    ...\n\n<!-- /sample -->"


def written(text: str) -> str:
    """README.md with the sample of today."""
    return _BETWEEN.sub(lambda _: sample(), text)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(written(readme.read_text(encoding="utf-8")), encoding="utf-8")
