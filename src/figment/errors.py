"""What goes wrong for a reason that the user can mend."""


class InputError(Exception):
    """The user's input can't be used: one sentence that names the file or option, the reason and the mend.

    The command line prints the sentence and ends with the status; it never shows a traceback for it.
    """

    status = 2


class MissingData(InputError):
    """Nothing is where data were said to be: they may have been moved since.

    text: as they were given.
    """

    def __init__(self, sentence: str, text: str) -> None:
        super().__init__(sentence)
        self.text = text


class SystemFault(InputError):
    """The system fails in what was rightly asked of it: a disk that breaks or was taken away. Handled as InputError is."""

    status = 1


class Unfinished(InputError):
    """Long work can't go on, for a reason outside it; what is done is kept, and the same call goes on from there."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, SIGTERM or SIGHUP outside the training loop, with a sentence that says what is kept and how to go on."""


class LostProcess(Exception):
    """Another process of a training ended or can't be reached. The command line prints the sentence and ends with status 1."""

    def __init__(
        self, reason: str, kept: str = "what was saved before is kept, and figment resume goes on from it"
    ) -> None:
        super().__init__(f"another process of this training is gone ({reason}); {kept}")
        self.reason = reason


class Unreadable(Exception):
    """This file can't be used as a picture; the message is the reason, one short sentence."""


class Notice(UserWarning):
    """What a person should know, and nobody need do anything about; the command line prints the sentence, once."""
