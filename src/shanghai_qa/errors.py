"""One tree of the errors that a user can cause or mend."""


class ShanghaiQAError(Exception):
    """Base of every error a user can cause or mend: says what is wrong, where, and what to do.

    The command line prints it on stderr, without a traceback, and exits with status 1.
    """


class CorpusError(ShanghaiQAError):
    """A document, or a folder of documents, that cannot be read as one."""


class IndexUnusable(ShanghaiQAError):
    """There is no index, or it was made by another model or format, or it is damaged."""


class SettingsError(ShanghaiQAError):
    """A setting with an unknown name or a value that it cannot have."""


class InputError(ShanghaiQAError):
    """A file or question handed in that cannot be used."""


class QuestionError(InputError):
    """A question that is empty or too long: a mistake of use, exit status 2."""
