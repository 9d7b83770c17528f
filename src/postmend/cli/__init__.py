"""The command `postmend`. Each subcommand is a module of its own, imported only when it is called."""

import atexit
import gc
import importlib
import os
import signal
import sys

import click

from postmend import __version__

# Name -> module and the line shown in `postmend --help`; the module holds a click command called `command`.
_COMMANDS = {
    "explain": "Say why mail was refused, prove it, and how to mend it.",
    "classify": "Classify replies by their text alone, one a line.",
    "check": "Check whether a domain, host, IP or address is fit for mail.",
    "dkim": "Make a DKIM key, its record and the lines for the signer.",
    "verify": "Say whether mail addresses are alive, one or a million.",
    "report": "Say from logs and reports what bounces here, why, and who causes it.",
    "score": "Say whether a message will be taken for spam, and what to change.",
    "rules": "Test and list the reply rules.",
}


class _Lazy(click.Group):
    """A group that imports a subcommand when it is asked for: start-up time is a promise."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"postmend.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # The reader has gone (`| head`). Click would exit with 1, which is bad news in a script.
            _drop_output()
            return 128 + signal.SIGPIPE

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="postmend")
def _group() -> None:
    """Tell why mail was refused, prove it, and say how to mend it.

    Exit status: 0 the work was done, 1 the answer is bad news (where a script wants to know), 2 bad usage or input.
    """


def _drop_output() -> None:
    """Keep the interpreter from trying once more at exit to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str) -> None:
    from postmend.cli.paper import complain

    complain(text)


def main() -> None:
    """Run the command; Ctrl-C and a closed pipe end it quietly, bad input with one clear line and status 2."""
    from postmend.model.errors import ParseError, in_words

    # The interpreter looks for circles once more as it ends, which after a long report takes a while.
    atexit.register(gc.freeze)
    try:
        # Python's own -m and tests call this too, so nothing here may depend on sys.argv[0].
        code = _group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except ParseError as error:
        _complain(str(error))
        code = 2
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted")
        code = 128 + signal.SIGINT
    except OSError as error:  # a full disk under standard output
        _complain(f"{error.filename or 'the output'}: {in_words(error)}")
        _drop_output()
        code = 2
    sys.exit(code if isinstance(code, int) else 0)
