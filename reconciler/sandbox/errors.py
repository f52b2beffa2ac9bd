"""Errors for what a user of the sandbox can do wrong; the message is the explanation."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox cannot do what the user asked; the text says what, and how to continue."""


class SettingError(SandboxError):
    """A setting has an unknown name or value."""


class FaultError(SandboxError):
    """A fault specification is not valid."""


class WorldError(SandboxError):
    """A world is incomplete or contradicts itself."""


class StoreError(SandboxError):
    """The sandbox's file cannot be used."""


class PortError(SandboxError):
    """The sandbox cannot listen on the port."""
