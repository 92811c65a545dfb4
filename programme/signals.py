"""What others may hear from the programme."""

from django.dispatch import Signal

# What a stage shows changed: sent with `on_air` (the row, session and stage loaded) in the transaction that
# changed it. Who tells the world outside waits for the commit.
on_air_changed = Signal()
