"""Telling made pictures from real ones: what files say of themselves.

It may import media and what is below. Start reading at marks.py.
"""
