"""What is known about the world, as TOML that a mail admin can edit, and the little code that reads and matches it."""

# What reads each compiled file: `module.function`, and what to call it with.
_READERS: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("book.default_book", ()), ("near.default_words", ()), ("causes.all_causes", ()), ("weights.all_weights", ()),
    ("remedies.remedies", ()), ("findings.repairs", ()), ("requirements.provider_rules", ()),
    ("selectors.selectors_to_try", ((),)), ("blocklists.blocklists", ()), ("mailboxes.mailboxes", ()),
    ("limits.limits", ()), ("placeholders.placeholders", ()), ("trouble.troubles", ()),
    ("senders.service_of", ("example.com",)), ("providers.by_host", ("example.com",)), ("content.all_content", ()),
    ("hosts.hosts", ()), ("attachments.attachment_kinds", ()), ("bulk.speaks_of_leaving", ("",)),
    ("symbols.symbol_info", ("rspamd", "")),
)  # fmt: skip


def compile_all() -> None:
    """Compile every TOML file that is read at start-up (`compiled.load`); called when a wheel is built."""
    from importlib import import_module

    for reader, arguments in _READERS:
        module, _, name = reader.partition(".")
        getattr(import_module(f"postmend.knowledge.{module}"), name)(*arguments)
