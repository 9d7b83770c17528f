"""Write docs/schema from the types that `app/schemas.py` names: `python -m tools.schema`. The tests compare."""

from pathlib import Path

from postmend.app.schemas import schemas


def main() -> None:
    """Write every schema file."""
    folder = Path(__file__).resolve().parent.parent / "docs" / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in schemas().items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
