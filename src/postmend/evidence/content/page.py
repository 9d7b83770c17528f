"""What an HTML part shows, as values: what is seen, what is hidden, links, pictures, and what does not belong."""

from dataclasses import dataclass, field

OWN_COLOUR = "the colour of its background"
_LEAD = 75  # letters: "If this mail is not shown rightly, read it in your browser" may stand before a preview line


@dataclass(slots=True)
class Link:
    """A link: where it leads, and what is shown for it."""

    target: str
    text: str = ""
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Hidden:
    """Text that nobody sees, and by what means; `before` and `behind` are the letters that are read on either side."""

    means: str
    text: str
    before: int
    behind: int

    @property
    def first(self) -> bool:
        """Whether it stands where a preview line does."""
        return self.before <= _LEAD and self.behind > max(self.before, 0)


@dataclass(slots=True)
class Page:
    """What one HTML part shows. `prose` is what is seen outside code and quotations."""

    seen: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    pictures: list[dict[str, str]] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    base: str = ""
    refresh: str = ""
    tags: int = 0
    deepest: int = 0

    @property
    def text(self) -> str:
        """The text that is seen, blocks on lines of their own."""
        return "".join(self.seen)
