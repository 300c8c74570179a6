"""Decoding: one stored picture → its identity, and its pixels at the wanted size; hostile files cost themselves alone.

It may import portraits and world. Start reading at decode.py, then fit.py; chunks.py is what the workers run.
"""
