"""Build hook: compiles into the wheel what makes the installed command fast.

The knowledge, so that it starts without parsing TOML. And the modules that read mail (`compile` in pyproject.toml), by
mypyc, where a C compiler is at hand: without one, or with POSTMEND_COMPILE=0, the same code runs interpreted.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_MYPYC = "mypy[mypyc]>=1.18"
_SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


def _has_compiler() -> bool:
    compiler = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    header = Path(sysconfig.get_path("include"), "Python.h")
    found = bool(compiler) and shutil.which(compiler[0]) is not None and header.exists()
    return found and sys.implementation.name == "cpython"


class CompileHook(BuildHookInterface[Any]):
    """Runs in the source tree for every wheel; a wheel for an editable install is never compiled."""

    _made: Path | None = None

    def _compiles(self) -> bool:
        return os.environ.get("POSTMEND_COMPILE", "1") != "0" and _has_compiler()

    def dependencies(self) -> list[str]:
        """What the build needs besides `build-system.requires`."""
        return [_MYPYC] if self._compiles() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and tell hatchling what to put into the wheel."""
        source = Path(self.root, "src")
        code = f"import sys; sys.path.insert(0, {str(source)!r}); import postmend.knowledge as k; k.compile_all()"
        subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  our own code
        made = sorted((source / "postmend" / "knowledge").glob("_*.book.json"))
        build_data["artifacts"] += [str(path.relative_to(self.root)) for path in made]
        if version != "editable" and self._compiles():
            self._compile_modules(source, build_data)

    def _compile_modules(self, source: Path, build_data: dict[str, Any]) -> None:
        self._made = Path(tempfile.mkdtemp(prefix="postmend-build-"))
        shutil.copytree(source / "postmend", self._made / "postmend", ignore=shutil.ignore_patterns("*.so", "*.pyd"))
        modules = [f"postmend/{room}/{name}.py" for room, names in self.config["compile"].items() for name in names]
        words = [sys.executable, "-m", "mypyc", "--strict", "--ignore-missing-imports", *modules]
        environ = {**os.environ, "MYPYC_OPT_LEVEL": "3", "MYPYC_DEBUG_LEVEL": "0"}
        done = subprocess.run(words, cwd=self._made, env=environ, check=False, capture_output=True, text=True)  # noqa: S603
        if done.returncode:
            self.app.display_warning(f"not compiled, so slower: {(done.stderr or done.stdout)[-2000:]}")
            return
        built = [*self._made.glob(f"*{_SUFFIX}"), *self._made.glob(f"postmend/**/*{_SUFFIX}")]
        build_data["force_include"].update({str(path): str(path.relative_to(self._made)) for path in built})
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Leave nothing behind."""
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
