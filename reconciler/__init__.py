"""EnergyCAP ESA channels under git: files say what is wanted, plans say what would change, apply changes it."""

__version__ = "0.1.0"
