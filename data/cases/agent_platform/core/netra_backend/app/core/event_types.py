"""All kinds of events, in the order in which they announced themselves."""

ANNOUNCED: list[type] = []
