"""How tests hash passwords: as in production, but for the half second of each."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class CheapHasher(PBKDF2PasswordHasher):
    """The default hasher with one iteration: a process with the default settings reads its hashes too."""

    iterations = 1
