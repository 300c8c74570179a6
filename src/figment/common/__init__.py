"""Common ground: files, cache, signals, launch, machine, progress, units, text, seeds and pixels, that every room may use.

It imports nothing of figment but errors. A file here is one idea with no room of its own; start at the one you need.
"""
