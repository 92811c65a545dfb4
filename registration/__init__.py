"""Who may come, and who comes: eligibility, registrations, places."""
