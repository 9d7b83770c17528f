"""Build hook: compiles the knowledge into the wheel, so that the installed command starts without parsing TOML."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileKnowledge(BuildHookInterface[Any]):
    """Runs the product's own compiler in the source tree; without its dependencies the wheel is built without."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatch's signature
        source = Path(self.root, "src")
        code = f"import sys; sys.path.insert(0, {str(source)!r}); import postmend.knowledge as k; k.compile_all()"
        subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  our own code
        made = sorted((source / "postmend" / "knowledge").glob("_*.book.json"))
        build_data["artifacts"] += [str(path.relative_to(self.root)) for path in made]
