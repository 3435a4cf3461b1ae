"""What things cost, beside programs that do as much and loops that do the least. `python -m tests.bench`."""
