"""What follows from the end of a row."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from press.models import Assignment, PressFile
from press.publishing import forget_content


@receiver(post_delete, sender=PressFile)
def forget_the_file(sender: type[PressFile], instance: PressFile, **kwargs: Any) -> None:
    """Its content goes once the row is gone for good, also with its release or edition."""
    transaction.on_commit(lambda: forget_content(instance), robust=True)


@receiver(post_delete, sender=Assignment)
def forget_the_assignment(sender: type[Assignment], instance: Assignment, **kwargs: Any) -> None:
    """The same for the proof of a journalist."""
    transaction.on_commit(lambda: instance.file.delete(save=False), robust=True)
