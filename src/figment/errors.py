"""What goes wrong for a reason that the user can mend."""


class InputError(Exception):
    """The user's input can't be used: one sentence that names the file or option, the reason and the mend.

    The command line prints the sentence and ends with status 2; it never shows a traceback for it.
    """


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM outside the training loop, with a sentence that says what is kept and how to go on."""


class LostProcess(Exception):
    """Another process of a training ended or can't be reached: one sentence, of which the command line makes status 1."""
