"""Renode: the platform files, the shared library, the installation and the worker that runs it."""
