"""Common ground: files, cache, signals, launch, machine, run_time, progress, units, text, seeds, pixels: for every room.

It imports nothing of figment but errors. A file here is one idea with no room of its own; start at the one you need.
"""
