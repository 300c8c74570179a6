"""Telling made pictures from real ones: what files say of themselves, what that proves, and what detectors say of pixels.

It may import metrics, reals and what is below. Start reading at check.py, what one file says; sentences.py puts it in words,
many.py does so for many files. Of detectors at teaching.py, which makes one, then detector.py, what it is, and scoring.py,
what it says.
"""
