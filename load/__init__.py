"""What the suite withstands: benchmarks against servers on this machine."""
