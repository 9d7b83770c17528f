"""What a message itself shows: pure functions from a `Message` to findings, one module a subject.

Each is `check_x(message, ...) -> tuple[Finding, ...]`. Ids, wording, weight and repair stand in
`knowledge/content.toml`; what is sound gives no finding.
"""
