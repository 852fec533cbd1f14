"""Pictures of every screen: new, at work, failing and with hostile texts. `python -m tests.screenshots`."""
