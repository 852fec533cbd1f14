"""python -m connectors.sandbox: the rehearsal's servers alone, without Django's settings."""

import sys
from argparse import ArgumentParser

from .command import PURPOSE, NotServingError, Options, add_arguments, serve


def main() -> None:
    """Serve until interrupted; end with status 1 and a sentence where that is impossible."""
    parser = ArgumentParser("python -m connectors.sandbox", description=PURPOSE)
    add_arguments(parser)
    try:
        serve(Options.of(vars(parser.parse_args())))
    except NotServingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
