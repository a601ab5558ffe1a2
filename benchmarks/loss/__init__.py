"""The parts of `benchmarks.release_loss`: a load client that never retries, ways to switch, figures and pictures."""
