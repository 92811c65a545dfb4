"""The demonstration: roles by one click, what to try, the clock, the sent mails. Only where settings.DEMO."""
