"""The parts of the sample service, one module for each thing that it can do."""
