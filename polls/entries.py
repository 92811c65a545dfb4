"""What the live part enters in the registries of the congress."""
