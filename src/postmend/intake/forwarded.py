"""A notice that somebody passed on, quoted in the text of a mail under a few lines of its header."""

import re

from postmend.intake.kind import looks_like_notice

_QUOTE = re.compile(r"(?m)^[ \t]*(?:[>|][ \t]?)+")
# How mail programs head what they quote, in the languages that they speak.
_LABELS = {
    "from": "from|von|de|da|van|от|от кого|od|från|fra|lähettäjä|差出人|发件人|寄件者|보낸 사람|보낸사람",
    "to": "to|an|à|a|para|aan|кому|do|till|til|宛先|收件人|收件者|받는 사람|받는사람",
    "subject": "subject|betreff|objet|oggetto|asunto|assunto|onderwerp|тема|temat|ämne|emne|aihe|件名|主题|主旨|제목",
}
_FIELD = {
    name: re.compile(rf"[ \t*]*(?:{words})[ \t*]*[:：][ \t*]*(.+)", re.IGNORECASE) for name, words in _LABELS.items()
}
_MOST_HEADS, _MOST_LINES = 20, 40  # places looked at, and lines of one quoted header


def quoted_mail(text: str) -> bytes | None:
    """The notice quoted in a text, as a mail again; None where none is."""
    lines = _QUOTE.sub("", text).split("\n")
    heads = [i for i, line in enumerate(lines) if _FIELD["from"].match(line)]
    for start in heads[:_MOST_HEADS]:
        fields: dict[str, str] = {}
        end = start
        for end in range(start, min(start + _MOST_LINES, len(lines))):
            if not lines[end].strip():
                break
            for name, pattern in _FIELD.items():
                found = pattern.match(lines[end])
                if found:
                    fields.setdefault(name, found[1].strip())
        if "subject" in fields and looks_like_notice(fields["from"], fields["subject"]):
            head = "".join(f"{name}: {value}\n" for name, value in fields.items())
            whole = f"{head}Content-Type: text/plain; charset=utf-8\n\n" + "\n".join(lines[end + 1 :])
            return whole.encode("utf-8", "replace")
    return None
