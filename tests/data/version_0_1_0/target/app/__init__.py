"""A shop, as small as it can be and still go wrong."""
