"""Build hook: compiles the rule book, so that the installed command starts without parsing TOML."""
