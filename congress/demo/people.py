"""The invented people of the demonstration, one for everybody the suite is made for."""

from dataclasses import dataclass

from congress.models import Admission, Level, Role


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to sign in as by one click. `tries` pairs a sentence with the name of an address, or with ""."""

    key: str
    first_name: str
    last_name: str
    body: str
    who: str
    email: str | None
    tries: tuple[tuple[str, str], ...]
    title: str = ""
    admission: str = ""
    level: str = Level.OTHER
    role: str = ""
    also: tuple[str, ...] = ()  # further roles in the edition
    stage: str = ""
    everywhere: bool = False  # a role without edition, as FITKO's organisers hold it
    link: str = ""  # kind of personal link that the demonstration mints for this person


DEMO_PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson(
        key="clerk",
        first_name="Kim",
        last_name="Albers",
        body="Stadt Musterhausen",
        who="Sachbearbeiterin in einer Stadtverwaltung",
        email="kim.albers@stadt-musterhausen.example",
        admission=Admission.Kind.ATTENDEE,
        level=Level.KOMMUNE,
        tries=(
            (
                "Sehen Sie, was jetzt auf den drei Bühnen läuft, und stimmen Sie im Plenum ab.",
                "live",
            ),
            ("Stellen Sie sich im Programm die Beiträge eines Schwerpunkts zusammen.", "programme"),
        ),
    ),
    DemoPerson(
        key="head",
        first_name="Jördis",
        last_name="Weißenborn",
        title="Dr.",
        body="Ministerium Beispielland",
        who="Referatsleiterin mit gesperrtem Dienst-PC",
        email="joerdis.weissenborn@land-beispiel.example",
        admission=Admission.Kind.ATTENDEE,
        level=Level.LAND,
        tries=(
            (
                "Öffnen Sie eine Bühne in einem zweiten Browser und stimmen Sie dort anders ab als Kim Albers.",
                "live",
            ),
            ("Schalten Sie JavaScript aus: Abstimmen geht auch dann.", "live"),
        ),
    ),
    DemoPerson(
        key="journalist",
        first_name="Noa",
        last_name="Sander",
        body="Beispiel-Rundschau",
        who="Journalistin mit persönlichem Zugangslink",
        email=None,
        admission=Admission.Kind.PRESS,
        link="press",
        tries=(
            (
                "Gehen Sie über den Zugangslink hinein: Die Seite zeigt keinen Namen, erst der Knopf meldet an.",
                "",
            ),
            ("Sehen Sie auf der Bühne zu. Abstimmen kann die Presse nicht.", "live"),
        ),
    ),
    DemoPerson(
        key="moderator",
        first_name="Milan",
        last_name="Öztürk",
        body="Landeskanzlei Beispielland",
        who="Moderator im Plenum",
        email="milan.oeztuerk@land-beispiel.example",
        admission=Admission.Kind.STAFF,
        role=Role.Kind.MODERATOR,
        stage="plenum",
        tries=(
            (
                "Schließen Sie die Umfrage und öffnen Sie die nächste: Alle offenen Seiten ziehen mit.",
                "moderation",
            ),
        ),
    ),
    DemoPerson(
        key="director",
        first_name="Ruth",
        last_name="Nowak",
        body="Medienzentrum Beispielland",
        who="Regie aller drei Bühnen",
        email="ruth.nowak@land-beispiel.example",
        admission=Admission.Kind.STAFF,
        role=Role.Kind.DIRECTOR,
        tries=(
            (
                "Nehmen Sie im Plenum den nächsten Programmpunkt auf Sendung und dann zurück.",
                "regie",
            ),
            (
                "Schalten Sie alle auf den Ersatzstream. Sehen Sie in einem zweiten Browser zu.",
                "regie",
            ),
        ),
    ),
    DemoPerson(
        key="organiser",
        first_name="Henrike",
        last_name="Paulsen",
        body="Ministerium Beispielland",
        who="Organisatorin des Gastgeberlandes",
        email="henrike.paulsen@land-beispiel.example",
        admission=Admission.Kind.STAFF,
        role=Role.Kind.ORGANISER,
        also=(Role.Kind.CARE,),
        tries=(
            ("Lesen Sie zuerst, was auf Sie wartet.", "orga"),
            (
                "Ändern Sie in der Verwaltung einen Programmpunkt und sehen Sie ihn im Programm wieder.",
                "admin:index",
            ),
            (
                "Öffnen Sie die Bedarfe für 15 Minuten: Tariq Lindner sieht dort nur Zahlen.",
                "needs",
            ),
        ),
    ),
    DemoPerson(
        key="fitko",
        first_name="Tariq",
        last_name="Lindner",
        body="Geschäftsstelle (Beispiel)",
        who="Organisator der FITKO, zuständig für alle Ausgaben",
        email="tariq.lindner@land-beispiel.example",
        role=Role.Kind.ORGANISER,
        everywhere=True,
        tries=(("Wechseln Sie oben zwischen den Ausgaben.", "orga"),),
    ),
    DemoPerson(
        key="press-officer",
        first_name="Svea",
        last_name="Grohmann",
        body="Pressestelle Beispielland",
        who="Pressestelle",
        email="svea.grohmann@land-beispiel.example",
        admission=Admission.Kind.STAFF,
        role=Role.Kind.PRESS_OFFICER,
        tries=(("Sehen Sie, welche Akkreditierungen auf eine Entscheidung warten.", "orga"),),
    ),
    DemoPerson(
        key="help-desk",
        first_name="Lutz",
        last_name="Ahrens",
        body="Hotline Fachkongress (Beispiel)",
        who="Hotline am Veranstaltungstag",
        email="lutz.ahrens@land-beispiel.example",
        admission=Admission.Kind.STAFF,
        role=Role.Kind.HELP_DESK,
        tries=(
            (
                "Suchen Sie „Brock“: Warum kommt Gesa Brok nicht hinein? Lesen Sie ihr einen Code vor.",
                "help_desk",
            ),
            (
                "Suchen Sie „Ihde“ (vom Vorzimmer angemeldet) und „Lorenzen“ (Platz an Tjark Ohlsen übergeben).",
                "help_desk",
            ),
            (
                "Tippen Sie den Code in einem zweiten Browser ein, als wären Sie sie.",
                "telephone_code",
            ),
        ),
    ),
    DemoPerson(
        key="check-in",
        first_name="Jule",
        last_name="Petersen",
        body="Einlass Fachkongress (Beispiel)",
        who="Einlass am Veranstaltungstag",
        email="jule.petersen@land-beispiel.example",
        admission=Admission.Kind.STAFF,
        role=Role.Kind.CHECK_IN,
        tries=(
            (
                "Lassen Sie Kim Albers über den Namen ein, und dann noch einmal.",
                "check_in",
            ),
            (
                "Schalten Sie im Browser das Netz ab, lassen Sie jemanden ein, und schalten Sie es wieder an.",
                "check_in",
            ),
            ("Drucken Sie einen Ausweis und scannen Sie ihn mit dem Handy.", "badges"),
        ),
    ),
    DemoPerson(
        key="observer",
        first_name="Elif",
        last_name="Brandt",
        body="Staatskanzlei des nächsten Gastgeberlandes (Beispiel)",
        who="Beobachterin des nächsten Gastgeberlandes",
        email="elif.brandt@land-beispiel.example",
        role=Role.Kind.OBSERVER,
        tries=(("Sehen Sie Programm und Zahlen, aber keine personenbezogenen Daten.", "orga"),),
    ),
    DemoPerson(
        key="stranger",
        first_name="Toni",
        last_name="Unbekannt",
        body="",
        who="Jemand ohne Zulassung",
        email="toni.unbekannt@privat.example",
        tries=(("Versuchen Sie, eine Bühne zu öffnen: Für Sie gibt es sie nicht.", "live"),),
    ),
)
