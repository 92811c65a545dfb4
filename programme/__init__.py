"""What happens when and where: tracks, sessions, speakers, and what is on air."""
