"""What pictures show, as named numbers: predictors of attributes, conditions on them, and the portraits' own reader.

It may import discriminator, generator, data and what lies below. Start at predictor.py; coverage.py and modes.py measure
what a generator has lost.
"""
