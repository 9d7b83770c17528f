"""The schema, as the steps that lead to it: a step is never changed after it was released, another is added."""

APPLICATION_ID = 0x504D4E44  # "PMND", as `file` shows it

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # What is known of addresses and of whole domains: `answer` is JSON, `mode` smtp or dns.
        """CREATE TABLE verify_answer (email TEXT PRIMARY KEY, mode TEXT NOT NULL, firm INTEGER NOT NULL,
        asked_ms INTEGER NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE verify_domain (domain TEXT PRIMARY KEY, mode TEXT NOT NULL, firm INTEGER NOT NULL,
        asked_ms INTEGER NOT NULL, answer BLOB, evidence BLOB NOT NULL) WITHOUT ROWID""",
        # The addresses of the list in hand, each once.
        "CREATE TABLE verify_list (email TEXT PRIMARY KEY) WITHOUT ROWID",
    ),
)
