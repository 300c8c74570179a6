"""Well-known public sets by name, and downloads that are resumed and checked.

It may import nothing of data's other rooms. Start reading at catalog.py for the table, at sets.py for how a set is had.
"""
