"""Who our users are over there: the mirror of theirs, proposals, links, and who got the new records."""
