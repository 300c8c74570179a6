"""The version, where everybody may ask for it without importing the package's public names."""

__version__ = "0.1.0"
