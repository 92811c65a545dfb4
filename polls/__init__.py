"""What the audience does while a session is on: stage state, polls, sockets and their HTTP twin."""
