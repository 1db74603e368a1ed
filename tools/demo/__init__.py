"""The bundled case all the way: fixes, a few edits by hand, and fixes again, until every success metric is met."""
