"""Pictures that are alike: near-duplicates within a set, copies looked up in another, nearest neighbours.

It may import features, data and common. Start at near_duplicates.py, and at nearest.py for plain distances.
"""
