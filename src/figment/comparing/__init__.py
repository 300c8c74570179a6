"""Comparing: runs beside one another: what differs between them, which score better, and whether that is more than chance.

It may import reporting, generator, metrics' records, run, media and what lies below. Start at comparison.py.
"""
