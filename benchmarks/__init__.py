"""Speed, memory and accuracy, measured against peers in one run: ``python -m benchmarks --help``."""
