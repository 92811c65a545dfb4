"""The press of the demonstration: invented journalists and what became of their requests."""
