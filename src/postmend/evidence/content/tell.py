"""Findings about a message, told in the words of `content.toml`."""

from postmend.knowledge.content import Weight, content_info
from postmend.model import Fact, Finding

_MOST_SHOWN = 160


def found(ident: str, subject: str = "", **data: object) -> Finding:
    """The finding `ident` about `subject`; `data` fills the blanks of its wording and goes along as strings."""
    info = content_info(ident)
    assert info is not None, f"{ident} is not in content.toml"
    shown = {name: _short(str(value)) for name, value in data.items()}
    return Finding(
        check=ident.partition(".")[0],
        id=ident,
        subject=_short(subject),
        result=Fact.NONE if info.weight is Weight.NOTE else Fact.FAIL,
        detail=info.says.format(subject=_short(subject), **shown),
        supports=(info.cause,) if info.cause else (),
        data=tuple(sorted(shown.items())),
    )


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 4] + " ..."
