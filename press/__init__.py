"""Journalists and what is published for them."""
