"""A mutation trial: small faults are put into a copy of the checkout, and the tests of that module must notice them."""
