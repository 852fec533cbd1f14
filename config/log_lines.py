"""Lines of the log that nobody forges: what was typed begins no line and draws nothing.

Whoever reads the log, a person or a program, takes each line for what Concord said. A
path, a parameter's name or an exception's text may hold what a stranger chose.
"""

import logging

_INDENT = "    "


class OneLine(logging.Formatter):
    """Write each message as one line of printable characters; a traceback stands indented below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Write the message alone."""
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Write the message and, indented, its traceback, whose last lines are the exception's own text."""
        message, *below = super().format(record).split("\n")
        return "\n".join([message, *(_INDENT + printable(line) for line in below)])


def printable(text: str) -> str:
    r"""Write what is no printable character as Python does: "\n", "\x1b", "\u2028"."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
