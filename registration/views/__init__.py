"""Doors of the registration for people with a browser, by who comes through them."""
