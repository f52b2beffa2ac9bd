"""What a user of the sandbox can do wrong, each with a sentence that says so."""

from __future__ import annotations


class SandboxError(Exception):
    """Something the user asked of the sandbox cannot be done; the text says what and how to go on."""


class SettingError(SandboxError):
    """A setting has an unknown name or value."""


class FaultError(SandboxError):
    """A fault is written in a way the sandbox does not understand."""


class WorldError(SandboxError):
    """A world lacks something, or holds something that cannot be."""


class StoreError(SandboxError):
    """The file that should hold the sandbox cannot be used."""


class PortError(SandboxError):
    """The port to serve on cannot be had."""
