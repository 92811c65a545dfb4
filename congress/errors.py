"""What an action raises when a rule says no."""

from django.utils.functional import Promise


class Refused(Exception):
    """A rule refused what somebody asked for; `message` is written for that person."""

    message: str | Promise = ""
    code = "refused"

    def __init__(self, message: str | Promise | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(str(self.message))
