"""The studio: runs watched, played with and compared in a browser. One more reader of run folders; training doesn't know it.

It may import every room but the command line. Start reading at app.py (how an answer comes about), then operations.py (what
can be asked for). Nothing here imports torch before the server answers; what needs it imports it inside its functions.
"""
