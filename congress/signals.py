"""What others may hear from the congress."""

from django.dispatch import Signal

# Rights may have ended. Sent with `sessions` (keys), `people` (ids), `links` (ids); open sockets look again.
rights_changed = Signal()
# The facts that pages and stages show about an edition changed. Sent with `edition_id`.
edition_changed = Signal()
