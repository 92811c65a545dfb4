"""What cannot be helped by the program, said in one sentence to the person who started it."""


class CannotStart(Exception):
    """The text is the sentence, with the command that helps."""
