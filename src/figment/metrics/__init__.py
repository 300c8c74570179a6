"""How good pictures are: scores of features and of patches beside what reals reach, copies, and all of it in one go.

It may import reals, similarity, features, attributes, media, data and what lies below. Start at measurement.py, or for one
score at scores.py and the file named after it, such as kid.py.
"""
