"""What there is: editions, people, what they may do, how they get in, and what was decided."""

from congress.models.access import AccessLink, Admission, BrowserSession, Level
from congress.models.asking import AN_ANSWER_HAS_ITS_MOMENT, AskedBack
from congress.models.editions import Edition, Stage, State
from congress.models.journal import JournalEntry
from congress.models.letters import Letter, LetterText
from congress.models.pages import Page
from congress.models.people import Role, User

__all__ = [
    "AN_ANSWER_HAS_ITS_MOMENT",
    "AccessLink",
    "Admission",
    "AskedBack",
    "BrowserSession",
    "Edition",
    "JournalEntry",
    "Letter",
    "LetterText",
    "Level",
    "Page",
    "Role",
    "Stage",
    "State",
    "User",
]
