"""What is known about the world, as TOML that a mail admin can edit, and the little code that reads and matches it."""


def compile_all() -> None:
    """Compile every TOML file that is read at start-up (`compiled.load`); called when a wheel is built."""
    from postmend.knowledge.attachments import attachment_kinds
    from postmend.knowledge.blocklists import blocklists
    from postmend.knowledge.book import default_book
    from postmend.knowledge.bulk import speaks_of_leaving
    from postmend.knowledge.causes import all_causes
    from postmend.knowledge.content import all_content
    from postmend.knowledge.findings import repairs
    from postmend.knowledge.hosts import hosts
    from postmend.knowledge.limits import limits
    from postmend.knowledge.mailboxes import mailboxes
    from postmend.knowledge.near import default_counts
    from postmend.knowledge.placeholders import placeholders
    from postmend.knowledge.providers import by_host
    from postmend.knowledge.remedies import remedies
    from postmend.knowledge.requirements import provider_rules
    from postmend.knowledge.selectors import selectors_to_try
    from postmend.knowledge.senders import service_of
    from postmend.knowledge.symbols import symbol_info
    from postmend.knowledge.trouble import troubles
    from postmend.knowledge.weights import all_weights

    default_book()
    default_counts()
    all_causes()
    all_weights()
    remedies()
    repairs()
    provider_rules()
    selectors_to_try(())
    blocklists()
    mailboxes()
    limits()
    placeholders()
    troubles()
    service_of("example.com")
    by_host("example.com")
    all_content()
    hosts()
    attachment_kinds()
    speaks_of_leaving("")
    symbol_info("rspamd", "")
