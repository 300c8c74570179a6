"""A run's report.html: pictures early, midway and late, curves, scores with their floors, and what experiments found.

It may import metrics' records, media and what lies below, and no experiment: findings are read as files. Start at report.py.
"""
