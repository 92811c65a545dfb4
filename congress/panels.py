"""What apps above the congress put on its pages. They enter themselves in `AppConfig.ready()`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.utils.functional import Promise

if TYPE_CHECKING:
    from datetime import datetime

    from congress.desk import Act, Finder, Sentences
    from congress.http import EditionRequest
    from congress.models import Edition, User


T = TypeVar("T")
Count = Callable[["Edition"], int]


class Registry(Generic[T]):
    """Things in the order they ask for."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, T]] = []

    def register(self, thing: T, *, order: int = 50) -> T:
        self._entries.append((order, thing))
        self._entries.sort(key=lambda entry: entry[0])
        return thing

    def __iter__(self) -> Iterator[T]:
        return (thing for _, thing in self._entries)


@dataclass(frozen=True)
class Item:
    """An entry of the main navigation. `url_name` takes the edition."""

    label: str | Promise
    url_name: str
    visible: Callable[["EditionRequest"], bool] = lambda request: True


@dataclass(frozen=True)
class MainButton:
    """The one button of the home page that fits phase and person."""

    label: str | Promise
    url: str
    hint: str | Promise = ""


@dataclass(frozen=True)
class Door:
    """One of several places behind a personal link: a button on its page, so that the first tap leads all the way."""

    key: str
    label: str | Promise
    url: str


@dataclass(frozen=True)
class Goal:
    """Where a personal link of this kind leads; None leaves it to the next one, and to the home page at last.

    With several `doors` the page of the link offers each of them; they are no secret, the page names nobody.
    """

    kind: str
    url: Callable[["Edition", "datetime"], str | None]
    doors: Callable[["Edition", "datetime"], Sequence[Door]] | None = None


@dataclass(frozen=True)
class OrgaLink:
    """A page of the organisers' daily work, for people with one of the roles. `url_name` takes the edition."""

    label: str | Promise
    url_name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class DemoDoor:
    """What the demonstration opens by one click for nobody in particular; `open` gives its address at that moment."""

    key: str
    label: str
    text: str
    open: Callable[["Edition"], str | None]


@dataclass(frozen=True)
class WaitingItem:
    """Something that waits for a person: how much of it, where it is done, and by whom."""

    label: str | Promise
    count: Callable[["Edition", "User"], int]
    url: Callable[["Edition"], str]
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One figure of an edition's state. Figures are seen by observers: they count people, never name them."""

    label: str | Promise
    count: Count


@dataclass(frozen=True)
class DayFigure:
    """One figure of this moment; None where nobody can say."""

    label: str | Promise
    count: Callable[["Edition"], int | None]


navigation: Registry[Item] = Registry()
# Other ways to come in, named beside the usual one. Shown to everybody.
ways_in: Registry[Item] = Registry()
# Each gives entries for the context of the home page.
home_context: Registry[Callable[["EditionRequest"], dict[str, Any]]] = Registry()
# Each gives rendered HTML for the home page, or nothing.
home: Registry[Callable[["EditionRequest"], str]] = Registry()
# Asked in order; the first answer is the main button.
main_buttons: Registry[Callable[["EditionRequest"], MainButton | None]] = Registry()
link_goals: Registry[Goal] = Registry()
# Names of the addresses that know whoever came in by a badge (`congress.badges`); all others see a stranger.
badge_doors: set[str] = {"home", "help", "page", "account_logout"}
orga_links: Registry[OrgaLink] = Registry()
waiting: Registry[WaitingItem] = Registry()
orga_figures: Registry[Figure] = Registry()
# Each gives rendered HTML for the start page of /<edition>/orga/, or nothing.
orga_panels: Registry[Callable[["EditionRequest"], str]] = Registry()
# What the journal's verbs are called: {"admission.revoked": _("Admission revoked")}.
journal_verbs: dict[str, str | Promise] = {}

# The help desk (`congress.desk`): who looks for people, and for those whom only a row names.
help_finders: Registry["Finder"] = Registry()
# What an app knows about whoever was found; the second kind takes half a second and is asked for one case only.
help_sentences: Registry["Sentences"] = Registry()
help_sentences_live: Registry["Sentences"] = Registry()
# What can be done about it, by the keys that sentences name.
help_acts: dict[str, "Act"] = {}
# What the desk sees of the day.
help_figures: Registry[DayFigure] = Registry()

# Heard in the transaction that turns a practice edition's clock; `now` is the moment it shows afterwards.
clock_turned: Registry[Callable[["Edition", "datetime"], None]] = Registry()
# What every installation needs (`manage.py setup`); each says in one line what it did.
setup_steps: Registry[Callable[[], str]] = Registry()
# What the demonstration is filled with (`manage.py seed_demo`); repeatable.
demo_data: Registry[Callable[["Edition"], None]] = Registry()
# What its page offers besides people.
demo_doors: Registry[DemoDoor] = Registry()


def name_of_act(verb: str) -> str:
    """The journal's verb as people say it."""
    return str(journal_verbs.get(verb, verb))
