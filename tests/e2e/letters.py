"""What a letter of the outbox says, where a journey needs no mail server."""

from typing import Any
from urllib.parse import urlsplit


def text_of_letter_to(address: str, name: str) -> Any:
    """The newest letter of this name, as it would be sent."""
    from congress import mail
    from congress.models import Letter

    letters = Letter.objects.filter(to=address, template=f"registration/emails/{name}.md")
    return mail.render(letters.latest("pk"), mint=True)


def path_in_letter_to(address: str, name: str, part: str) -> str:
    """Where the link with this part leads."""
    lines = text_of_letter_to(address, name).body.splitlines()
    return urlsplit(next(line for line in lines if part in line)).path


def follow_invitation(page: Any, address: str) -> None:
    """From the letter to the page where the colleague answers."""
    page.goto(path_in_letter_to(address, "delegate", "/zusage/"))
    page.get_by_role("button", name="Weiter").click()


def say_yes(page: Any) -> None:
    page.get_by_label("Ich habe die Hinweise zum Datenschutz gelesen.").check()
    page.get_by_role("button", name="Ja, ich nehme teil").click()
