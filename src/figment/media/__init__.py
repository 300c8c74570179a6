"""Media: pictures, strips, charts, pages and videos as bytes and files, marked as synthetic where they are.

It may import metadata, common and errors. Start reading at images.py.
"""
