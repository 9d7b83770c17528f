"""`postmend rules`: test the rule book, list it."""

import sys
from pathlib import Path

import click

from postmend.cli.options import common, write_json
from postmend.model.counted import counted


@click.command("rules")
@click.argument("what", type=click.Choice(["check", "list"]))
@click.option("--folder", metavar="DIR", help="A folder of rule files instead of Postmend's own.")
@common
def command(what: str, folder: str | None, as_json: bool, resolver: str | None, config_path: str | None) -> None:
    """Test (`check`) or print (`list`) the reply rules.

    `check` runs every example of every rule against the whole book and exits 1 if one comes out wrong.
    """
    from postmend.knowledge.lint import check_rules
    from postmend.knowledge.rules import FOLDER, read_rules

    del resolver, config_path
    rules = read_rules(Path(folder) if folder else FOLDER)
    if what == "list":
        for rule in rules:
            if as_json:
                write_json(rule)
            else:
                click.echo(f"{rule.id:44} {rule.cause:30} {rule.why}")
        return
    problems = check_rules(rules)
    for problem in problems:
        if as_json:
            write_json(problem)
        else:
            click.echo(str(problem))
    examples = sum(len(rule.yes) + len(rule.no) for rule in rules)
    told = counted(len(rules), "rule"), counted(examples, "example"), counted(len(problems), "problem")
    click.echo(", ".join(told), err=True)
    sys.exit(1 if problems else 0)
