"""Networks that see pictures as vectors of features: the table of them, their files of weights, what they see in a set.

It may import discriminator, generator, data and what lies below; torch only in the networks that are torch's. Start at
registry.py: a row a network.
"""
