"""The shell command `toymodel`: the group of its subcommands, and how errors are reported."""

from __future__ import annotations

import codecs
import io
import sys
from typing import NoReturn

import click

from toymodel.cli.cache import cache_command
from toymodel.cli.figures import figures_command
from toymodel.cli.motifs import motifs_command
from toymodel.cli.phase import phase_command
from toymodel.cli.sweep import sweep_command
from toymodel.cli.train import train_command
from toymodel.environment import read_environment
from toymodel.errors import TrainingDiverged
from toymodel.settings import SettingError
from toymodel.sweeps.executors import NoCluster
from toymodel.text import one_line
from toymodel.training.workers import WorkerDied

_MAX_MESSAGE = 4_000  # characters
_IN_ASCII = {"×": "x", "−": "-", "±": "+-", "₁": "1", "₂": "2"}


def main() -> None:
    """Run the command. An error is one line on standard error.

    The exit code is 2 for bad input, 1 for another error, and 130 after Ctrl-C.
    """
    _write_in_any_encoding()
    try:
        code = cli(standalone_mode=False)  # click returns what `Exit` was raised with
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        raise SystemExit(error.exit_code) from None
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped", 130)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except SettingError as error:
        _fail(str(error), 2)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _fail((error.strerror or str(error)) + where, 1)
    except (TrainingDiverged, NoCluster, WorkerDied, ValueError) as error:
        _fail(str(error), 1)
    raise SystemExit(code)


def _write_in_any_encoding() -> None:
    """Make standard output and error take every text: what their encoding lacks is in ASCII."""
    codecs.register_error("toymodel", _as_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="toymodel")


def _as_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError):
        lacking = error.object[error.start : error.end]
        if known := _IN_ASCII.get(lacking[0]):
            return known, error.start + 1
    return codecs.backslashreplace_errors(error)


def _fail(message: str, code: int) -> NoReturn:
    # Names in files and paths may hold anything that a terminal would obey.
    click.echo("toymodel: " + one_line(message, _MAX_MESSAGE), err=True)
    raise SystemExit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Small ReLU networks that compute |x| in superposition (Elhage et al., 2022)."""
    read_environment()  # a wrong variable is told before anything is done


for command in (
    cache_command,
    figures_command,
    motifs_command,
    phase_command,
    sweep_command,
    train_command,
):
    cli.add_command(command)
