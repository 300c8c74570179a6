"""Telling made pictures from real ones: what files say of themselves, and what detectors say of pixels.

It may import metrics, reals and what is below. Start reading at marks.py; of detectors at teaching.py, which makes one, then
detector.py, what it is, and scoring.py, what it says.
"""
