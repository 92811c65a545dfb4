"""What others may hear from the press desk."""

from django.dispatch import Signal

# A request was approved, rejected or withdrawn. Sent with `accreditation` in the transaction that decided.
accreditation_decided = Signal()
