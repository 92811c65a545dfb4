"""The programme of the demonstration: real where a source says so, else marked as an example."""
