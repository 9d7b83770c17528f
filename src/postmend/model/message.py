"""A message taken apart for judging it: header fields as they are written, and every node of its MIME tree."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: `name` as written, `value` unfolded and undecoded, `raw` with name, folds and line ends.

    `key` is the name in lower case, by which fields are compared (RFC 5322 section 1.2.2).
    """

    name: str
    value: str
    raw: bytes
    key: str


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the MIME tree; `path` is `1.2` for the second part of the first, empty for the message itself.

    `type` is the media type in lower case, `params` its parameters, `encoding` the Content-Transfer-Encoding as
    written in lower case, `body` the bytes on the wire, `data` them decoded (bounded), `text` the characters of a
    text part. `faults` are ids of `content.toml` that show while decoding, each with the word it is about.
    """

    path: str
    type: str
    params: dict[str, str]
    fields: tuple[Field, ...]
    encoding: str
    disposition: str
    filename: str
    body: bytes
    data: bytes = b""
    text: str = ""
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def attached(self) -> bool:
        """Whether a reader is shown a file to open, not a text."""
        return self.disposition == "attachment" or bool(self.filename) or not self.type.startswith(("text/", "multi"))


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message. `parts` holds every node, parents before children; `faults` as in `Part`.

    `named` holds the fields by key, each name's from the top.
    """

    raw: bytes
    fields: tuple[Field, ...]
    parts: tuple[Part, ...]
    named: dict[str, list[Field]]
    faults: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[Field]:
        """Every field of this name (lower case), from the top."""
        return self.named.get(name, [])

    def first(self, name: str) -> str:
        """The value of the topmost field of this name, or an empty string."""
        found = self.named.get(name)
        return found[0].value if found else ""

    def texts(self, kind: str) -> list[Part]:
        """The text parts of a type (`text/html`) that are read, not attached."""
        return [part for part in self.parts if part.type == kind and not part.attached]
