"""What a set of pictures is like, before anything is trained on it: scanned once, measured, advised on, freed of copies.

It may import similarity, features, augment, data, media and common. Start at survey.py.
"""
