"""Whether requirements*.txt may be installed by --no-deps: nothing that a package needs is missing."""
